#ifndef INDELIBLE_TEMPORARY_NAME_H_
#define INDELIBLE_TEMPORARY_NAME_H_

#include <string>

#include "../base/status.h"

namespace indelible {

// A name for a temporary: `.indelible-` and 80 random bits in base 32. The name of the target does not
// matter.
Status TemporaryName(std::string* name);

}  // namespace indelible

#endif  // INDELIBLE_TEMPORARY_NAME_H_
