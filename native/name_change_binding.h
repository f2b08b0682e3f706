#ifndef INDELIBLE_NAME_CHANGE_BINDING_H_
#define INDELIBLE_NAME_CHANGE_BINDING_H_

#include <napi.h>

namespace indelible {

// Adds `changeNames(kind, from, to, temporary, plan, strict, insist)` and its synchronous twin: the number of
// the decision that was followed times 2, plus 1 if the names were synced; a failure object; or the question
// that has to be decided first. `nameChanges` are the kinds.
void ExportNameChanges(Napi::Env env, Napi::Object exports);

}  // namespace indelible

#endif  // INDELIBLE_NAME_CHANGE_BINDING_H_
