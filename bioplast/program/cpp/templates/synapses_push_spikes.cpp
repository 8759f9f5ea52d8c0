{# USES_VARIABLES { delay, _source_dt } #}
{% extends 'common_group.cpp' %}

{% block before_code %}
    {{owner.name}}.prepare({{_source_dt}});
{% endblock %}

{% block maincode %}
    {% set events = get_array_name(eventspace_variable) %}
    // The ring goes on first: the slot of this step is then read until the next one, without a copy.
    {{openmp_pragma('parallel')}}
    {
        {{owner.name}}.advance();
        {{owner.name}}.push({{events}}, {{events}}[_num{{eventspace_variable.name}} - 1]);
    }
{% endblock %}
