{# USES_VARIABLES { N, Cm, dt, v, Ic, Ri, area, r_length_1, r_length_2, _starts, _ends, _morph_parent_i } #}
{% extends 'common_group.cpp' %}

{% block before_code %}
    extern cable::Cable _cable_{{codeobj_name}};
    const cable::Morphology _morphology = {
        (int)N, (int)_num_starts, {{_starts}}, {{_ends}}, {{_morph_parent_i}}, {{area}}, {{r_length_1}}, {{r_length_2}}};
    _cable_{{codeobj_name}}.prepare(_morphology, {{Cm}}, {{Ri}}, {{dt}});
{% endblock %}

{% block maincode %}
    extern cable::Cable _cable_{{codeobj_name}};
    static std::vector<double> _conductance(N), _current(N);
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    {{ openmp_pragma('parallel-static') }}
    for (int _idx = 0; _idx < (int)N; _idx++)
    {
        const size_t _vectorisation_idx = _idx;
        {{vector_code|autoindent}}
        _conductance[_idx] = _gtot;
        _current[_idx] = _I0;
    }
    _cable_{{codeobj_name}}.step(&_conductance[0], &_current[0], {{Cm}}, {{dt}}, {{v}}, {{Ic}});
{% endblock %}

{% block extra_functions_cpp %}
cable::Cable _cable_{{codeobj_name}};
{% endblock %}
