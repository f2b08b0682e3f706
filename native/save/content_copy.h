#ifndef INDELIBLE_CONTENT_COPY_H_
#define INDELIBLE_CONTENT_COPY_H_

#include <cstdint>

#include "../base/status.h"
#include "../platform/platform.h"

namespace indelible {

// Copies the next bytes of a file, from `offset` on, to the same place in another one on `filesystem`, which
// has none from there on. `*copied`: how many; 0 at the end of the file. At offset 0 the files share all
// blocks where the filesystem can do that. No descriptor's position changes. If the file is written
// meanwhile, the copy may have some of that.
Status CopyContent(const platform::Descriptor& from, const platform::Descriptor& to,
                   const platform::FilesystemId& filesystem, uint64_t offset, uint64_t* copied);

}  // namespace indelible

#endif  // INDELIBLE_CONTENT_COPY_H_
