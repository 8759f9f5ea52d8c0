// What XLA calls: a function of two arrays and of some whole numbers that say how they lie.

#pragma once

#include <cstdint>

#include "xla/ffi/api/c_api.h"

// Answer XLA's question for the version that this was compiled with; whether it was one.
inline bool told_version(XLA_FFI_CallFrame* frame) {
  if (frame->extension_start == nullptr) return false;
  if (frame->extension_start->type == XLA_FFI_Extension_Metadata) {
    auto* told = reinterpret_cast<XLA_FFI_Metadata_Extension*>(frame->extension_start)->metadata;
    told->api_version = {XLA_FFI_Api_Version_STRUCT_SIZE, nullptr, XLA_FFI_API_MAJOR, XLA_FFI_API_MINOR};
    told->traits = 0;
  }
  return true;
}

inline const XLA_FFI_Buffer& operand(XLA_FFI_CallFrame* frame, int k) {
  return *static_cast<const XLA_FFI_Buffer*>(frame->args.args[k]);
}

inline XLA_FFI_Buffer& result(XLA_FFI_CallFrame* frame) { return *static_cast<XLA_FFI_Buffer*>(frame->rets.rets[0]); }
