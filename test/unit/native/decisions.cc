// What the native engine decides about calls that a system may not have, or that another program may be in
// the way of, on a scripted system. The first argument names the test; decisions.test.ts runs each in a
// process of its own.
#include <errno.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../../../native/save/extended_attributes.h"
#include "../../../native/save/rename_ladder.h"
#include "../../../native/save/sync_ladder.h"
#include "../../../native/save/temporary_name.h"
#include "../../../native/scheduler/save_engine.h"
#include "scripted_platform.h"

namespace {

using indelible::Decision;
using indelible::FilesystemId;
using indelible::Plan;
using indelible::Reach;
using indelible::SaveEngine;
using indelible::SaveJob;
using indelible::SaveListener;
using indelible::SaveOutcome;
using indelible::SaveRequest;
using indelible::Status;
using indelible::WorkerPool;
using indelible::platform::Descriptor;
using indelible::platform::Directory;
using scripted::script;
using std::chrono::milliseconds;
using Calls = std::vector<std::string>;

constexpr int kUnsupported[] = {ENOSYS, ENOTSUP, EOPNOTSUPP, EINVAL, ENOTTY};
constexpr int kFinal[] = {EIO, ENOSPC, EDQUOT, EBADF, EROFS};

#define CHECK(condition)                                                                         \
  do {                                                                                           \
    if (!(condition)) {                                                                          \
      std::fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                               \
      for (const std::string& call : script.calls) std::fprintf(stderr, "  %s\n", call.c_str()); \
      std::exit(1);                                                                              \
    }                                                                                            \
  } while (false)

std::map<std::string, std::function<void()>>& Tests() {
  static auto& tests = *new std::map<std::string, std::function<void()>>();
  return tests;
}

struct Test {
  Test(const char* name, std::function<void()> body) { Tests()[name] = std::move(body); }
};

#define JOINED(one, other) one##other
#define TEST_AT(name, line)                                      \
  void JOINED(Test, line)();                                     \
  const Test JOINED(registered, line)(name, JOINED(Test, line)); \
  void JOINED(Test, line)()
#define TEST_ON(name, line) TEST_AT(name, line)
#define TEST(name) TEST_ON(name, __LINE__)

Status SyncedFile(Reach* reach) { return indelible::SyncFile(Descriptor(3), reach); }

Status SyncedNames(Reach* reach) { return indelible::SyncNames(Directory(), reach); }

Status Replaced() { return indelible::RenameReplacing(Directory(), "new", "file"); }

Status RenamedToFree() { return indelible::RenameToFree(Directory(), "new", Directory(), "file"); }

class Listener : public SaveListener {
 public:
  void Completed(std::shared_ptr<SaveJob>) override {}
  void Undecided(const FilesystemId&, const std::string&, uint64_t) override { std::exit(3); }
};

// A whole save, on this thread, under the textbook's protocol.
SaveOutcome Save(const std::function<void(SaveRequest*)>& change = [](SaveRequest*) {}) {
  static auto* engine = new SaveEngine(new WorkerPool(1));
  Decision decision;
  engine->Decide(FilesystemId(), 0, decision);
  static const uint8_t data[] = {1, 2, 3};
  SaveRequest request;
  request.path = "/directory/file";
  request.data = data;
  request.size = sizeof data;
  change(&request);
  const auto job = std::make_shared<SaveJob>(request, std::make_shared<Listener>(), 1);
  CHECK(engine->SaveSync({job}));
  return job->outcome();
}

milliseconds Waited() {
  milliseconds sum(0);
  for (const milliseconds pause : script.pauses) sum += pause;
  return sum;
}

TEST("a file gets a barrier where the system has one, and no flush") {
  Reach reach = Reach::kHandedOver;
  CHECK(SyncedFile(&reach).ok());
  CHECK(reach == Reach::kOrdered);
  CHECK(script.calls == Calls{"SyncBarrier"});
}

TEST("a file is flushed where there is no barrier, whichever way the system says so") {
  for (const int error : kUnsupported) {
    script = {};
    script.always["SyncBarrier"] = error;
    Reach reach = Reach::kHandedOver;
    CHECK(SyncedFile(&reach).ok());
    CHECK(reach == Reach::kStable);
    CHECK((script.calls == Calls{"SyncBarrier", "SyncData"}));
  }
}

TEST("a file is handed over where there is neither barrier nor flush, and counts as no more") {
  script.always = {{"SyncBarrier", ENOTSUP}, {"SyncData", ENOTTY}};
  Reach reach = Reach::kStable;
  CHECK(SyncedFile(&reach).ok());
  CHECK(reach == Reach::kHandedOver);
  CHECK((script.calls == Calls{"SyncBarrier", "SyncData", "HandOver"}));
}

TEST("a barrier that has failed is not followed by another sync") {
  for (const int error : kFinal) {
    script = {};
    script.always["SyncBarrier"] = error;
    Reach reach = Reach::kHandedOver;
    CHECK(SyncedFile(&reach).error() == error);
    CHECK(script.calls == Calls{"SyncBarrier"});
  }
}

TEST("a flush that has failed is not followed by another sync") {
  for (const int error : kFinal) {
    script = {};
    script.always = {{"SyncBarrier", ENOSYS}, {"SyncData", error}};
    Reach reach = Reach::kHandedOver;
    CHECK(SyncedFile(&reach).error() == error);
    CHECK((script.calls == Calls{"SyncBarrier", "SyncData"}));
  }
}

TEST("a file that cannot be synced at all fails with what the strongest call that exists said") {
  script.always = {{"SyncBarrier", ENOSYS}, {"SyncData", EINVAL}, {"HandOver", ENOSYS}};
  Reach reach = Reach::kHandedOver;
  CHECK(SyncedFile(&reach).error() == EINVAL);
}

TEST("a directory is flushed, whatever the file got") {
  Reach reach = Reach::kHandedOver;
  CHECK(SyncedNames(&reach).ok());
  CHECK(reach == Reach::kStable);
  CHECK(script.calls == Calls{"SyncDirectory"});
}

TEST("a directory is handed over where it cannot be flushed, and counts as no more") {
  for (const int error : kUnsupported) {
    script = {};
    script.always["SyncDirectory"] = error;
    Reach reach = Reach::kStable;
    CHECK(SyncedNames(&reach).ok());
    CHECK(reach == Reach::kHandedOver);
  }
}

TEST("a flush of a directory that has failed is not followed by another sync") {
  for (const int error : kFinal) {
    script = {};
    script.always["SyncDirectory"] = error;
    Reach reach = Reach::kHandedOver;
    CHECK(SyncedNames(&reach).error() == error);
    CHECK(script.calls == Calls{"SyncDirectory"});
  }
}

TEST("a rename that succeeds is made once and waits for nothing") {
  CHECK(Replaced().ok());
  CHECK(script.calls == Calls{"Rename"});
  CHECK(script.pauses.empty());
}

TEST("the older rename is made where the newer does not exist") {
  for (const int error : kUnsupported) {
    script = {};
    script.always["Rename"] = error;
    CHECK(Replaced().ok());
    CHECK((script.calls == Calls{"Rename", "RenameClassic"}));
  }
}

TEST("the older rename is not made where the newer has failed") {
  for (const int error : {EIO, EXDEV, ENOSPC, ENOENT, EROFS, EISDIR}) {
    script = {};
    script.always["Rename"] = error;
    CHECK(Replaced().error() == error);
    CHECK(script.calls == Calls{"Rename"});
  }
}

TEST("of two renames that do not exist the newer one's error is told") {
  script.always = {{"Rename", EINVAL}, {"RenameClassic", ENOSYS}};
  CHECK(Replaced().error() == EINVAL);
}

TEST("what the older rename says counts where it exists") {
  script.always = {{"Rename", ENOTSUP}, {"RenameClassic", EINVAL}};
  CHECK(Replaced().error() == EINVAL);
}

TEST("a rename to a free name stays one when the older call is made") {
  script.always["RenameExclusive"] = ENOTSUP;
  CHECK(RenamedToFree().ok());
  CHECK((script.calls == Calls{"RenameExclusive", "RenameClassic, to a free name"}));
}

TEST("a rename to a name that is taken fails at once") {
  script.windows = true;
  script.always["RenameExclusive"] = EEXIST;
  CHECK(RenamedToFree().error() == EEXIST);
  CHECK(script.calls == Calls{"RenameExclusive"});
  CHECK(script.pauses.empty());
}

TEST("a rename is repeated while a program has the file open, until it succeeds") {
  script.windows = true;
  script.answers["Rename"] = {EBUSY, EPERM, EBUSY};
  CHECK(Replaced().ok());
  CHECK(script.TimesCalled("Rename") == 4);
  CHECK((script.pauses == std::vector<milliseconds>{milliseconds(1), milliseconds(2), milliseconds(4)}));
}

TEST("a rename is repeated for two seconds, with growing pauses, and then its error stands") {
  script.windows = true;
  script.always["Rename"] = EBUSY;
  CHECK(Replaced().error() == EBUSY);
  CHECK(Waited() == milliseconds(2000));
  CHECK(script.TimesCalled("Rename") == script.pauses.size() + 1);
  for (size_t i = 1; i + 1 < script.pauses.size(); ++i) {
    CHECK(script.pauses[i] >= script.pauses[i - 1]);
    CHECK(script.pauses[i] <= milliseconds(250));
  }
  CHECK(script.pauses.size() < 20);
}

TEST("a rename is not repeated where open files block none") {
  script.always["Rename"] = EPERM;
  CHECK(Replaced().error() == EPERM);
  CHECK(script.calls == Calls{"Rename"});
}

TEST("an older rename that is in another program's way is repeated as well") {
  script.windows = true;
  script.always["Rename"] = ENOTSUP;
  script.answers["RenameClassic"] = {EPERM, EPERM};
  CHECK(Replaced().ok());
  CHECK(script.TimesCalled("RenameClassic") == 3);
}

TEST("an error that comes after one that may pass ends the attempts") {
  script.windows = true;
  script.answers["Rename"] = {EBUSY, EIO};
  CHECK(Replaced().error() == EIO);
  CHECK(script.TimesCalled("Rename") == 2);
}

TEST("a temporary that a program has open is removed when that closes it") {
  script.windows = true;
  script.answers["Unlink"] = {EBUSY, EBUSY};
  CHECK(indelible::RemoveName(Directory(), "new").ok());
  CHECK(script.TimesCalled("Unlink") == 3);
}

TEST("random bytes are asked for again after an interruption, and after nothing else") {
  script.answers["FillRandom"] = {EINTR, EINTR};
  std::string name;
  CHECK(indelible::TemporaryName(&name).ok());
  CHECK(script.TimesCalled("FillRandom") == 3);
  CHECK(name == ".indelible-aaaaaaaaaaaaaaaa");
}

TEST("without random bytes there is no name") {
  script.always["FillRandom"] = EIO;
  std::string name;
  CHECK(indelible::TemporaryName(&name).error() == EIO);
}

TEST("a save syncs the file before the rename and the directory after it") {
  const SaveOutcome outcome = Save();
  CHECK(outcome.status.ok() && outcome.published && outcome.name_synced && outcome.data_ordered);
  CHECK(script.PlaceOf("Write") < script.PlaceOf("SyncBarrier"));
  CHECK(script.PlaceOf("SyncBarrier") < script.PlaceOf("Rename"));
  CHECK(script.PlaceOf("Rename") < script.PlaceOf("SyncDirectory"));
}

TEST("a save does not count as durable where the directory was only handed over") {
  script.always["SyncDirectory"] = ENOTTY;
  const SaveOutcome outcome = Save();
  CHECK(outcome.status.ok() && outcome.published && outcome.data_ordered);
  CHECK(!outcome.name_synced);
}

TEST("a save does not count as durable where the directory cannot be synced at all") {
  script.always = {{"SyncDirectory", ENOTSUP}, {"HandOverDirectory", ENOSYS}};
  const SaveOutcome outcome = Save();
  CHECK(outcome.status.ok() && outcome.published);
  CHECK(!outcome.name_synced);
}

TEST("a save does not count as ordered where the file was only handed over") {
  script.always = {{"SyncBarrier", ENOTSUP}, {"SyncData", ENOTSUP}};
  const SaveOutcome outcome = Save();
  CHECK(outcome.status.ok() && outcome.published && outcome.name_synced);
  CHECK(!outcome.data_ordered);
}

TEST("a save whose barrier fails publishes nothing and leaves nothing") {
  script.always["SyncBarrier"] = EIO;
  const SaveOutcome outcome = Save();
  CHECK(outcome.status.error() == EIO && !outcome.published);
  CHECK(!script.Called("Rename"));
  CHECK(script.Called("Unlink"));
}

TEST("a save whose directory's flush fails is published and says so") {
  script.always["SyncDirectory"] = EIO;
  const SaveOutcome outcome = Save();
  CHECK(outcome.status.error() == EIO && outcome.published);
}

TEST("a save whose rename stays blocked leaves nothing") {
  script.windows = true;
  script.always["Rename"] = EPERM;
  const SaveOutcome outcome = Save();
  CHECK(outcome.status.error() == EPERM && !outcome.published);
  CHECK(Waited() == milliseconds(2000));
  CHECK(script.Called("Unlink"));
}

TEST("the new file is closed before the next rename where open files block renames") {
  script.windows = true;
  CHECK(Save().status.ok());
  // Once when the writing ended, once when it had its name.
  CHECK(script.TimesCalled("Close") == 2);
  CHECK(script.calls.at(script.PlaceOf("Rename") + 1) == "Close");
}

TEST("the new file stays locked until it is durable where open files block nothing") {
  CHECK(Save().status.ok());
  CHECK(script.calls.back() == "Close");
  CHECK(script.calls.at(script.PlaceOf("Rename") + 1) == "SyncDirectory");
}

TEST("the access control list is there before the data is") {
  CHECK(Save().status.ok());
  CHECK(script.PlaceOf("CreateFile") < script.PlaceOf("CopyAccessList"));
  CHECK(script.PlaceOf("CopyAccessList") < script.PlaceOf("Write"));
}

TEST("the access control list is left out where permissions are not preserved") {
  CHECK(Save([](SaveRequest* request) {
          request->preserve_permissions = request->preserve_all = false;
        }).status.ok());
  CHECK(!script.Called("CopyAccessList"));
  CHECK(!script.Called("CopyAttributes"));
}

TEST("an access control list that the process may not set, or that does not exist, is left out") {
  for (const int error : {EPERM, EACCES, ENOTSUP, ENOSYS, ENOENT}) {
    script = {};
    script.always["CopyAccessList"] = error;
    CHECK(Save().status.ok());
  }
}

TEST("an access control list that cannot be read for another reason fails the save, and leaves nothing") {
  script.always["CopyAccessList"] = EIO;
  const SaveOutcome outcome = Save();
  CHECK(outcome.status.error() == EIO && !outcome.published);
  CHECK(!script.Called("Write"));
  CHECK(script.Called("Unlink"));
}

TEST("attributes are copied in one call where the system has one") {
  CHECK(Save().status.ok());
  CHECK(script.Called("CopyAttributes"));
  CHECK(!script.Called("ListAttributes"));
}

TEST("attributes are copied one by one where the system has no call for all") {
  script.always["CopyAttributes"] = ENOSYS;
  CHECK(Save().status.ok());
  CHECK(script.Called("ListAttributes"));
}

TEST("attributes whose copying fails for another reason than privilege fail the save") {
  script.always["CopyAttributes"] = EIO;
  CHECK(Save().status.error() == EIO);
  script = {};
  script.always["CopyAttributes"] = EPERM;
  CHECK(Save().status.ok());
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 2;
  const auto found = Tests().find(arguments[1]);
  if (found == Tests().end()) return 2;
  script = {};
  found->second();
  return 0;
}
