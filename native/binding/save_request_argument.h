#ifndef INDELIBLE_SAVE_REQUEST_ARGUMENT_H_
#define INDELIBLE_SAVE_REQUEST_ARGUMENT_H_

#include <napi.h>

#include <cstddef>

#include "../save/save_request.h"

namespace indelible {

// The arguments of one save from `first` on: path, data, flags, mode, uid, gid, previous.
inline constexpr size_t kSaveRequestArguments = 7;
SaveRequest SaveRequestArgument(const Napi::CallbackInfo& info, size_t first);

}  // namespace indelible

#endif  // INDELIBLE_SAVE_REQUEST_ARGUMENT_H_
