// What the native engine decides about calls that a system may not have, or that another program may be in
// the way of, on a scripted system. The first argument names the test; decisions.test.ts runs each in a
// process of its own.
#include <errno.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "../../../native/save/extended_attributes.h"
#include "../../../native/save/rename_retry.h"
#include "../../../native/save/sync_fallback.h"
#include "../../../native/save/temporary_name.h"
#include "../../../native/save/ticket_lock.h"
#include "../../../native/scheduler/scheduler.h"
#include "../../../native/scheduler/streaming_saves.h"
#include "../../../native/scheduler/update_queue.h"
#include "scripted_platform.h"

namespace {

using indelible::Decision;
using indelible::Durability;
using indelible::FilesystemId;
using indelible::Plan;
using indelible::PlanChoice;
using indelible::PlanRequest;
using indelible::Protocol;
using indelible::SaveJob;
using indelible::SaveListener;
using indelible::SaveOutcome;
using indelible::SaveRequest;
using indelible::Scheduler;
using indelible::Status;
using indelible::StreamingSaves;
using indelible::SyncDurability;
using indelible::TemporaryFile;
using indelible::ThreadPool;
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

Status SyncedFile(SyncDurability* durability) { return indelible::SyncFile(Descriptor(3), durability); }

Status SyncedNames(SyncDurability* durability) { return indelible::SyncNames(Directory(), durability); }

Status Replaced() { return indelible::RenameReplacing(Directory(), "new", "file"); }

Status RenamedToFree() { return indelible::RenameToFree(Directory(), "new", Directory(), "file"); }

// Hears of saves on any thread.
class Listener : public SaveListener {
 public:
  void Completed(std::shared_ptr<SaveJob> job) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    completed_.push_back(job->outcome());
    heard_.notify_all();
  }
  void NeedsPlan(const PlanRequest& request) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    needed_.push_back(request);
    heard_.notify_all();
  }

  PlanRequest NextRequest() {
    std::unique_lock<std::mutex> lock(mutex_);
    heard_.wait(lock, [this] { return !needed_.empty(); });
    const PlanRequest request = needed_.front();
    needed_.erase(needed_.begin());
    return request;
  }
  std::vector<SaveOutcome> Outcomes(size_t count) {
    std::unique_lock<std::mutex> lock(mutex_);
    heard_.wait(lock, [&] { return completed_.size() >= count; });
    return completed_;
  }
  size_t requests() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return needed_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable heard_;
  std::vector<PlanRequest> needed_;
  std::vector<SaveOutcome> completed_;
};

using Change = std::function<void(SaveRequest*)>;

Scheduler& TheScheduler() {
  static auto* scheduler = new Scheduler(new ThreadPool(1));
  return *scheduler;
}

const std::shared_ptr<Listener>& TheListener() {
  static auto* listener = new std::shared_ptr<Listener>(std::make_shared<Listener>());
  return *listener;
}

std::shared_ptr<SaveJob> JobOf(const Change& change = [](SaveRequest*) {}) {
  static const uint8_t data[] = {1, 2, 3};
  SaveRequest request;
  request.path = "/directory/file";
  request.data = data;
  request.size = sizeof data;
  change(&request);
  return std::make_shared<SaveJob>(request, TheListener(), 1);
}

std::shared_ptr<SaveJob> JobFor(const std::string& path) {
  return JobOf([&](SaveRequest* request) { request->path = path; });
}

const FilesystemId kFilesystem;
const FilesystemId kOther{1, 0, 0};

// A whole save, on this thread, by the decision.
SaveOutcome SaveBy(const Decision& decision, const Change& change = [](SaveRequest*) {}) {
  TheScheduler().ProvidePlan(kFilesystem, script.generation, decision);
  const std::shared_ptr<SaveJob> job = JobOf(change);
  CHECK(TheScheduler().SaveSync({job}).empty());
  return job->outcome();
}

SaveOutcome Save(const Change& change = [](SaveRequest*) {}) { return SaveBy(Decision::Default(), change); }

// A decision under which the version that is replaced keeps a name.
Decision Holding() {
  Decision decision = Decision::Default();
  for (Plan& plan : decision.plans) plan.pin_replaced = plan.sync_directory();
  return decision;
}

// One that is worth making again after some syncs.
Decision LearningAfter(uint32_t syncs) {
  Decision decision = Decision::Default();
  decision.learns_after = syncs;
  return decision;
}

milliseconds Waited() {
  milliseconds sum(0);
  for (const milliseconds pause : script.pauses) sum += pause;
  return sum;
}

TEST("a file gets a barrier where the system has one, and no flush") {
  SyncDurability durability = SyncDurability::kSubmitted;
  CHECK(SyncedFile(&durability).ok());
  CHECK(durability == SyncDurability::kOrdered);
  CHECK(script.calls == Calls{"SyncBarrier"});
}

TEST("a file is flushed where there is no barrier, whichever way the system says so") {
  for (const int error : kUnsupported) {
    script = {};
    script.always["SyncBarrier"] = error;
    SyncDurability durability = SyncDurability::kSubmitted;
    CHECK(SyncedFile(&durability).ok());
    CHECK(durability == SyncDurability::kStable);
    CHECK((script.calls == Calls{"SyncBarrier", "SyncData"}));
  }
}

TEST("a file is handed over where there is neither barrier nor flush, and counts as no more") {
  script.always = {{"SyncBarrier", ENOTSUP}, {"SyncData", ENOTTY}};
  SyncDurability durability = SyncDurability::kStable;
  CHECK(SyncedFile(&durability).ok());
  CHECK(durability == SyncDurability::kSubmitted);
  CHECK((script.calls == Calls{"SyncBarrier", "SyncData", "SubmitData"}));
}

TEST("a barrier that has failed is not followed by another sync") {
  for (const int error : kFinal) {
    script = {};
    script.always["SyncBarrier"] = error;
    SyncDurability durability = SyncDurability::kSubmitted;
    CHECK(SyncedFile(&durability).error() == error);
    CHECK(script.calls == Calls{"SyncBarrier"});
  }
}

TEST("a flush that has failed is not followed by another sync") {
  for (const int error : kFinal) {
    script = {};
    script.always = {{"SyncBarrier", ENOSYS}, {"SyncData", error}};
    SyncDurability durability = SyncDurability::kSubmitted;
    CHECK(SyncedFile(&durability).error() == error);
    CHECK((script.calls == Calls{"SyncBarrier", "SyncData"}));
  }
}

TEST("a file that cannot be synced at all fails with what the strongest call that exists said") {
  script.always = {{"SyncBarrier", ENOSYS}, {"SyncData", EINVAL}, {"SubmitData", ENOSYS}};
  SyncDurability durability = SyncDurability::kSubmitted;
  CHECK(SyncedFile(&durability).error() == EINVAL);
}

TEST("a directory is flushed, whatever the file got") {
  SyncDurability durability = SyncDurability::kSubmitted;
  CHECK(SyncedNames(&durability).ok());
  CHECK(durability == SyncDurability::kStable);
  CHECK(script.calls == Calls{"SyncDirectory"});
}

TEST("a directory is handed over where it cannot be flushed, and counts as no more") {
  for (const int error : kUnsupported) {
    script = {};
    script.always["SyncDirectory"] = error;
    SyncDurability durability = SyncDurability::kStable;
    CHECK(SyncedNames(&durability).ok());
    CHECK(durability == SyncDurability::kSubmitted);
  }
}

TEST("a flush of a directory that has failed is not followed by another sync") {
  for (const int error : kFinal) {
    script = {};
    script.always["SyncDirectory"] = error;
    SyncDurability durability = SyncDurability::kSubmitted;
    CHECK(SyncedNames(&durability).error() == error);
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
  CHECK(outcome.status.ok() && outcome.published && outcome.durability == Durability::kDurable);
  CHECK(outcome.protocol == Protocol::kSyncRenameSync);
  CHECK(script.PlaceOf("Write") < script.PlaceOf("SyncBarrier"));
  CHECK(script.PlaceOf("SyncBarrier") < script.PlaceOf("Rename"));
  CHECK(script.PlaceOf("Rename") < script.PlaceOf("SyncDirectory"));
}

TEST("a save does not count as durable where the directory was only handed over") {
  script.always["SyncDirectory"] = ENOTTY;
  const SaveOutcome outcome = Save();
  CHECK(outcome.status.ok() && outcome.published && outcome.durability == Durability::kOrdered);
}

TEST("a save does not count as durable where the directory cannot be synced at all") {
  script.always = {{"SyncDirectory", ENOTSUP}, {"SubmitDirectory", ENOSYS}};
  const SaveOutcome outcome = Save();
  CHECK(outcome.status.ok() && outcome.published && outcome.durability == Durability::kOrdered);
}

TEST("a save does not count as ordered where the file was only handed over") {
  script.always = {{"SyncBarrier", ENOTSUP}, {"SyncData", ENOTSUP}};
  const SaveOutcome ordered = Save([](SaveRequest* request) { request->plan = PlanChoice::kOrdered; });
  CHECK(ordered.status.ok() && ordered.published && ordered.durability == Durability::kNone);
  script.always["SyncDirectory"] = ENOTTY;
  CHECK(Save().durability == Durability::kNone);
}

TEST("a save whose file was only handed over is durable once its directory's flush has made it so") {
  script.always = {{"SyncBarrier", ENOTSUP}, {"SyncData", ENOTSUP}};
  CHECK(Save().durability == Durability::kDurable);
}

TEST("a save counts for no more than its plan achieves") {
  Decision decision = Decision::Default();
  for (Plan& plan : decision.plans) plan.achieves = Durability::kNone;
  CHECK(SaveBy(decision).durability == Durability::kNone);
}

TEST("a save that asks for order alone counts as ordered, and syncs no directory") {
  const SaveOutcome outcome = Save([](SaveRequest* request) { request->plan = PlanChoice::kOrdered; });
  CHECK(outcome.durability == Durability::kOrdered);
  CHECK(!script.Called("SyncDirectory"));
}

TEST("a save with nothing to survive is a rename") {
  const SaveOutcome outcome = Save([](SaveRequest* request) { request->plan = PlanChoice::kNone; });
  CHECK(outcome.protocol == Protocol::kRename && outcome.durability == Durability::kNone);
  CHECK(!script.Called("SyncBarrier") && !script.Called("SyncDirectory"));
}

TEST("by a single commit the file is written back and not synced") {
  Decision decision = Decision::Default();
  decision.plans[0].protocol = Protocol::kSingleCommit;
  const SaveOutcome outcome = SaveBy(decision);
  CHECK(outcome.protocol == Protocol::kSingleCommit && outcome.durability == Durability::kDurable);
  CHECK(script.Called("WriteBack") && !script.Called("SyncBarrier"));
}

TEST("a save that keeps the previous version counts for nothing where that has to be held") {
  const auto keep = [](SaveRequest* request) { request->previous = "/directory/file~"; };
  CHECK(SaveBy(Holding(), keep).durability == Durability::kNone);
  CHECK(SaveBy(Holding()).durability == Durability::kDurable);
  CHECK(Save(keep).durability == Durability::kDurable);
}

TEST("a save tells how long its file is") { CHECK(Save().bytes == 3); }

TEST("a failed save counts for nothing, published or not") {
  script.always["SyncDirectory"] = EIO;
  CHECK(Save().durability == Durability::kNone);
  script.always["Write"] = EIO;
  CHECK(Save().durability == Durability::kNone);
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

TEST("without a decision a synchronous save publishes nothing and says which plan it needs") {
  script.generation = 5;
  const std::vector<PlanRequest> needed = TheScheduler().SaveSync({JobOf(), JobFor("/directory/second")});
  CHECK(needed.size() == 1);
  CHECK(needed[0].filesystem == kFilesystem && needed[0].directory == "/directory");
  CHECK(needed[0].generation == 5 && needed[0].syncs == 0);
  CHECK(!script.Called("CreateFile"));
  CHECK(TheListener()->requests() == 0);
}

TEST("saves that were refused for want of a plan may be tried again") {
  const std::vector<std::shared_ptr<SaveJob>> jobs{JobOf(), JobFor("/other/file")};
  CHECK(TheScheduler().SaveSync(jobs).size() == 2);
  TheScheduler().ProvidePlan(kFilesystem, 0, Decision::Default());
  CHECK(TheScheduler().SaveSync(jobs).size() == 1);
  TheScheduler().ProvidePlan(kOther, 0, Decision::Default());
  CHECK(TheScheduler().SaveSync(jobs).empty());
  for (const auto& job : jobs) CHECK(job->outcome().status.ok() && job->outcome().published);
  CHECK(script.TimesCalled("Rename") == 2);
}

TEST("a decision holds until the mount table changes") {
  TheScheduler().ProvidePlan(kFilesystem, 0, Decision::Default());
  CHECK(TheScheduler().SaveSync({JobOf()}).empty());
  script.generation = 1;
  CHECK(TheScheduler().SaveSync({JobOf()}).size() == 1);
}

TEST("a mount table that changes all the time keeps no save from the default plan") {
  const std::shared_ptr<SaveJob> job = JobOf();
  size_t asked = 0;
  for (; !TheScheduler().SaveSync({job}).empty(); ++asked) CHECK(asked < 5);
  CHECK(asked > 0);
  CHECK(job->outcome().status.ok() && job->outcome().protocol == Protocol::kSyncRenameSync);
}

TEST("a decision that learns is made again once it has seen its syncs, and not before") {
  TheScheduler().ProvidePlan(kFilesystem, 0, LearningAfter(3));
  for (int i = 0; i < 3; ++i) CHECK(TheScheduler().SaveSync({JobOf()}).empty());
  const std::vector<PlanRequest> needed = TheScheduler().SaveSync({JobOf()});
  CHECK(needed.size() == 1 && needed[0].syncs == 3);
  // Provided again, under the same mount table: what was counted stays.
  TheScheduler().ProvidePlan(kFilesystem, 0, LearningAfter(4));
  CHECK(TheScheduler().SaveSync({JobOf()}).empty());
  CHECK(TheScheduler().SaveSync({JobOf()}).at(0).syncs == 4);
  TheScheduler().ProvidePlan(kFilesystem, 0, Decision::Default());
  for (int i = 0; i < 5; ++i) CHECK(TheScheduler().SaveSync({JobOf()}).empty());
}

TEST("a decision under another mount table starts counting anew") {
  TheScheduler().ProvidePlan(kFilesystem, 0, LearningAfter(1));
  CHECK(TheScheduler().SaveSync({JobOf()}).empty());
  script.generation = 1;
  CHECK(TheScheduler().SaveSync({JobOf()}).at(0).syncs == 0);
  TheScheduler().ProvidePlan(kFilesystem, 1, LearningAfter(1));
  CHECK(TheScheduler().SaveSync({JobOf()}).empty());
  CHECK(TheScheduler().SaveSync({JobOf()}).at(0).syncs == 1);
}

TEST("saves that may share a directory's sync count it once") {
  TheScheduler().ProvidePlan(kFilesystem, 0, LearningAfter(2));
  CHECK(TheScheduler().SaveSync({JobOf(), JobFor("/directory/second"), JobFor("/third/file")}).empty());
  CHECK(TheScheduler().SaveSync({JobOf()}).empty());
  CHECK(TheScheduler().SaveSync({JobOf()}).at(0).syncs == 2);
}

TEST("a sync that did not reach stable storage, and a save without one, teach nothing") {
  TheScheduler().ProvidePlan(kFilesystem, 0, LearningAfter(1));
  const auto ordered = [](SaveRequest* request) { request->plan = PlanChoice::kOrdered; };
  CHECK(TheScheduler().SaveSync({JobOf(ordered)}).empty());
  script.always["SyncDirectory"] = ENOTTY;
  CHECK(TheScheduler().SaveSync({JobOf()}).empty());
  script.always["SyncDirectory"] = EIO;
  CHECK(TheScheduler().SaveSync({JobOf()}).empty());
  CHECK(TheScheduler().SaveSync({JobOf()}).empty());
}

TEST("a sync that a new file had no part in teaches nothing") {
  Decision decision = LearningAfter(1);
  decision.plans[0].protocol = Protocol::kSingleCommit;
  TheScheduler().ProvidePlan(kFilesystem, 0, decision);
  for (int i = 0; i < 3; ++i) CHECK(TheScheduler().SaveSync({JobOf()}).empty());
  CHECK(script.TimesCalled("SyncDirectory") == 3);
  const auto forced = [](SaveRequest* request) { request->plan = PlanChoice::kSyncRenameSyncDurable; };
  CHECK(TheScheduler().SaveSync({JobOf(), JobOf(forced)}).empty());
  CHECK(TheScheduler().SaveSync({JobOf()}).at(0).syncs == 1);
}

TEST("a sync of a file that may have been committed before teaches nothing") {
  TheScheduler().ProvidePlan(kFilesystem, 0, LearningAfter(1));
  StreamingSaves streaming(&TheScheduler());
  const std::shared_ptr<SaveJob> streamed = JobOf();
  PlanRequest needed;
  CHECK(streaming.Open(streamed, true, &needed) == SaveJob::Prepared::kReady);
  CHECK(TheScheduler().SaveSync({streamed}).empty());
  const std::shared_ptr<SaveJob> adopting = JobOf();
  adopting->Adopt(
      std::make_shared<TemporaryFile>(std::make_shared<Directory>(), indelible::platform::Identity()));
  CHECK(TheScheduler().SaveSync({adopting}).empty());
  CHECK(script.TimesCalled("SyncDirectory") == 2);
  CHECK(TheScheduler().SaveSync({JobOf()}).empty());
  CHECK(TheScheduler().SaveSync({JobOf()}).at(0).syncs == 1);
}

TEST("a save that waits for a plan goes on when it is provided") {
  script.threads = true;
  TheScheduler().Submit(JobOf());
  const PlanRequest request = TheListener()->NextRequest();
  CHECK(request.filesystem == kFilesystem && request.directory == "/directory");
  Decision decision = Decision::Default();
  decision.plans[0].protocol = Protocol::kSingleCommit;
  TheScheduler().ProvidePlan(request.filesystem, request.generation, decision);
  const SaveOutcome outcome = TheListener()->Outcomes(1).at(0);
  CHECK(outcome.status.ok() && outcome.protocol == Protocol::kSingleCommit);
}

TEST("saves that wait for a plan go on by the default one where it cannot be had, and the others wait") {
  script.threads = true;
  TheScheduler().Submit(JobOf());
  CHECK(TheListener()->NextRequest().filesystem == kFilesystem);
  TheScheduler().Submit(JobFor("/other/file"));
  CHECK(TheListener()->NextRequest().filesystem == kOther);
  TheScheduler().UseDefaultPlan(kFilesystem);
  const SaveOutcome outcome = TheListener()->Outcomes(1).at(0);
  CHECK(outcome.status.ok() && outcome.protocol == Protocol::kSyncRenameSync);
  CHECK(outcome.durability == Durability::kDurable);
  CHECK(TheListener()->requests() == 0);
  TheScheduler().UseDefaultPlan(kOther);
  CHECK(TheListener()->Outcomes(2).at(1).status.ok());
}

TEST("a synchronous save asks for the plans of saves that hold up the one before it") {
  script.threads = true;
  TheScheduler().ProvidePlan(kOther, 0, Decision::Default());
  // They hold every slot while they wait for a plan; the next save waits for a slot.
  constexpr size_t kSlots = 256;
  for (size_t i = 0; i < kSlots; ++i) TheScheduler().Submit(JobFor("/directory/" + std::to_string(i)));
  TheScheduler().Submit(JobFor("/other/file"));
  std::vector<PlanRequest> needed = TheScheduler().SaveSync({JobFor("/other/file")});
  CHECK(needed.size() == 1 && needed[0].filesystem == kFilesystem && needed[0].directory == "/directory");
  for (; !needed.empty(); needed = TheScheduler().SaveSync({JobFor("/other/file")}))
    TheScheduler().ProvidePlan(kFilesystem, needed[0].generation, Decision::Default());
  for (const SaveOutcome& outcome : TheListener()->Outcomes(1)) CHECK(outcome.published);
}

TEST("a synchronous save that has to wait for none does not ask for the plans of others") {
  script.threads = true;
  TheScheduler().ProvidePlan(kOther, 0, Decision::Default());
  TheScheduler().Submit(JobOf());
  TheListener()->NextRequest();
  CHECK(TheScheduler().SaveSync({JobFor("/other/file")}).empty());
}

TEST("a cancelled save does not wait for a plan") {
  script.threads = true;
  const std::shared_ptr<SaveJob> job = JobOf();
  TheScheduler().Submit(job);
  TheListener()->NextRequest();
  job->Cancel();
  TheScheduler().ResumeAll(TheListener().get());
  CHECK(TheListener()->Outcomes(1).at(0).status.error() == ECANCELED);
}

TEST("a streamed save is opened again when its plan has been provided, and tells its length") {
  StreamingSaves streaming(&TheScheduler());
  const std::shared_ptr<SaveJob> job = JobOf();
  PlanRequest needed;
  CHECK(streaming.Open(job, true, &needed) == SaveJob::Prepared::kNeedsPlan);
  CHECK(needed.filesystem == kFilesystem && needed.directory == "/directory");
  CHECK(TheListener()->requests() == 0);
  TheScheduler().ProvidePlan(needed.filesystem, needed.generation, Decision::Default());
  CHECK(streaming.Open(job, true, &needed) == SaveJob::Prepared::kReady);
  const uint8_t chunk[] = {1, 2, 3, 4, 5};
  CHECK(streaming.Append(job.get(), chunk, sizeof chunk).ok());
  CHECK(streaming.Append(job.get(), chunk, sizeof chunk).ok());
  CHECK(TheScheduler().SaveSync({job}).empty());
  CHECK(job->outcome().status.ok() && job->outcome().bytes == 10);
}

TEST("the length of an adopted file is looked up before it is published") {
  TheScheduler().ProvidePlan(kFilesystem, 0, Decision::Default());
  const auto file =
      std::make_shared<TemporaryFile>(std::make_shared<Directory>(), indelible::platform::Identity());
  const std::shared_ptr<SaveJob> job = JobOf();
  job->Adopt(file);
  CHECK(TheScheduler().SaveSync({job}).empty());
  CHECK(job->outcome().status.ok() && job->outcome().bytes == 11);
  CHECK(script.PlaceOf("ReadVersion") < script.PlaceOf("Rename"));
}

using Ticket = std::optional<uint64_t>;
constexpr std::chrono::microseconds kNoPatience(0);
constexpr std::chrono::microseconds kLongestWait(400);

TEST("a ticket is drawn behind the highest lock, under a lock on the directory that is given up") {
  script.locks = {10, 15, 200};
  Ticket ticket;
  CHECK(indelible::DrawTicket(Directory(), 10, 100, kNoPatience, &ticket).ok());
  CHECK(ticket == Ticket(16));
  CHECK(script.PlaceOf("TryLockDirectory") < script.PlaceOf("AddLock 16"));
  CHECK(script.PlaceOf("AddLock 16") < script.PlaceOf("UnlockDirectory"));
  CHECK(script.Called("UnlockDirectory"));
}

TEST("no ticket is drawn where the range is full, or another process is drawing one for too long") {
  script.locks = {99};
  Ticket ticket;
  CHECK(indelible::DrawTicket(Directory(), 10, 100, kNoPatience, &ticket).ok() && !ticket.has_value());
  CHECK(script.Called("UnlockDirectory"));
  script.always["TryLockDirectory"] = EWOULDBLOCK;
  CHECK(indelible::DrawTicket(Directory(), 10, 100, kLongestWait, &ticket).ok() && !ticket.has_value());
  CHECK(script.TimesCalled("TryLockDirectory") > 2 && script.TimesCalled("UnlockDirectory") == 1);
}

TEST("the directory is unlocked whatever fails while a ticket is drawn, and the first error is told") {
  for (const char* call : {"FindLock", "AddLock"}) {
    script = {};
    script.always[call] = EIO;
    script.always["UnlockDirectory"] = ENOLCK;
    Ticket ticket;
    CHECK(indelible::DrawTicket(Directory(), 10, 100, kNoPatience, &ticket).error() == EIO);
    CHECK(!ticket.has_value() && script.Called("UnlockDirectory"));
  }
}

TEST("a ticket's position counts from the lowest lock of the range, of which the kernel tells any") {
  script.locks = {9, 11, 13, 16};
  uint64_t position = 0;
  CHECK(indelible::PositionOf(Directory(), 10, 15, kLongestWait, &position).ok() && position == 4);
  CHECK(indelible::PositionOf(Directory(), 10, 11, kLongestWait, &position).ok() && position == 0);
  script.calls.clear();
  CHECK(indelible::PositionOf(Directory(), 10, 12, kLongestWait, &position).ok() && position == 1);
  // The next in the queue looks again.
  CHECK(script.TimesCalled("FindLock") > 4);
}

// Which of the updates have been granted their turn.
struct Turns {
  indelible::Task Grant(uint64_t ticket) {
    return [this, ticket] { granted.push_back(ticket); };
  }
  std::vector<uint64_t> granted;
};

TEST("updates of a path get their turns in the order in which they joined") {
  indelible::UpdateQueue queue;
  Turns turns;
  CHECK(queue.Join(1, "/one", turns.Grant(1)));
  CHECK(!queue.Join(2, "/one", turns.Grant(2)));
  CHECK(!queue.Join(3, "/one", turns.Grant(3)));
  CHECK(queue.Join(4, "/other", turns.Grant(4)));
  CHECK(turns.granted.empty());
  // One that gives up while it waits.
  CHECK(queue.Dequeue(2));
  CHECK(turns.granted.empty());
  CHECK(queue.Dequeue(1));
  CHECK(turns.granted == std::vector<uint64_t>{3});
  CHECK(queue.HasOwn("/one") && queue.Dequeue(3) && !queue.HasOwn("/one"));
  CHECK(!queue.Dequeue(3));
}

TEST("no more than 64 updates are under way, and the next one begins when one of them ends") {
  indelible::UpdateQueue queue;
  Turns turns;
  for (uint64_t ticket = 1; ticket <= 64; ++ticket)
    CHECK(queue.Join(ticket, std::to_string(ticket), turns.Grant(ticket)));
  CHECK(!queue.Join(65, "65", turns.Grant(65)));
  CHECK(!queue.Join(66, "66", turns.Grant(66)));
  CHECK(!queue.Join(67, "1", turns.Grant(67)));
  CHECK(queue.Dequeue(65) && turns.granted.empty());
  // Behind the one that has waited for longer.
  CHECK(queue.Dequeue(1));
  CHECK(turns.granted == std::vector<uint64_t>{66});
  CHECK(queue.Dequeue(2));
  CHECK((turns.granted == std::vector<uint64_t>{66, 67}));
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
