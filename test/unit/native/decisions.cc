// Tests, on a scripted system, what the native engine does when a system call is missing, or another program
// blocks it. The first argument names the test; decisions.test.ts runs each test in a process of its own.
#include <errno.h>
#include <string.h>

#include <algorithm>
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
#include <thread>
#include <vector>

#include "../../../native/binding/turn_budget.h"
#include "../../../native/save/access_list.h"
#include "../../../native/save/content_copy.h"
#include "../../../native/save/links.h"
#include "../../../native/save/rename_retry.h"
#include "../../../native/save/sync_fallback.h"
#include "../../../native/save/temporary_name.h"
#include "../../../native/save/ticket_lock.h"
#include "../../../native/scheduler/scheduler.h"
#include "../../../native/scheduler/streaming_saves.h"
#include "../../../native/scheduler/update_queue.h"
#include "scripted_platform.h"

namespace {

using indelible::AccessList;
using indelible::CommitLeader;
using indelible::CreationMode;
using indelible::Decision;
using indelible::Durability;
using indelible::GroupSync;
using indelible::GroupSyncChoice;
using indelible::ModeWithoutList;
using indelible::Plan;
using indelible::PlanCache;
using indelible::PlanChoice;
using indelible::PlanRequest;
using indelible::Protocol;
using indelible::Reached;
using indelible::SaveJob;
using indelible::SaveListener;
using indelible::SaveOutcome;
using indelible::SaveRequest;
using indelible::ScheduledSave;
using indelible::ScheduledSaves;
using indelible::Scheduler;
using indelible::Slots;
using indelible::Status;
using indelible::StreamingSaves;
using indelible::TemporaryFile;
using indelible::ThreadPool;
using indelible::TurnBudget;
using indelible::UnsyncedDirectories;
using indelible::Workers;
using indelible::platform::Descriptor;
using indelible::platform::Directory;
using indelible::platform::FilesystemId;
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

Status SyncedFile(Reached* reached) { return indelible::SyncFile(Descriptor(3), reached); }

Status SyncedEntries(Reached* reached) { return indelible::SyncEntries(Directory(), reached); }

Status Replaced() { return indelible::RenameReplacing(Directory(), "new", Directory(), "file"); }

Status RenamedNoReplace() { return indelible::RenameNoReplace(Directory(), "new", Directory(), "file"); }

// Receives results on any thread.
class Listener : public SaveListener {
 public:
  void Completed(std::shared_ptr<SaveJob> job, bool more) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!more) ++notified_;
    completed_.push_back(job->outcome());
    heard_.notify_all();
  }
  void Notify() override {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++notified_;
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
  size_t notified() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return notified_;
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
  size_t notified_ = 0;
};

using Change = std::function<void(SaveRequest*)>;

ThreadPool& ThePool() {
  static auto* pool = new ThreadPool(1);
  return *pool;
}

Scheduler& TheScheduler() {
  static auto* scheduler = new Scheduler(&ThePool());
  return *scheduler;
}

std::vector<PlanRequest> SaveSync(std::vector<std::shared_ptr<SaveJob>> jobs) {
  return TheScheduler().SaveSync(&jobs);
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

// Runs a whole save on this thread, with this decision.
SaveOutcome SaveBy(const Decision& decision, const Change& change = [](SaveRequest*) {}) {
  TheScheduler().ProvidePlan(kFilesystem, script.generation, decision);
  const std::shared_ptr<SaveJob> job = JobOf(change);
  CHECK(SaveSync({job}).empty());
  return job->outcome();
}

SaveOutcome Save(const Change& change = [](SaveRequest*) {}) { return SaveBy(Decision::Default(), change); }

// A decision that pins the replaced version.
Decision Pinning() {
  Decision decision = Decision::Default();
  for (Plan& plan : decision.plans) plan.pin_replaced = plan.sync_directory();
  return decision;
}

Decision SingleCommit() {
  Decision decision = Decision::Default();
  decision.plans[0].protocol = Protocol::kSingleCommit;
  return decision;
}

// A decision that is to be made again after some syncs.
Decision LearningAfter(uint32_t syncs) {
  Decision decision = Decision::Default();
  decision.learns_after = syncs;
  return decision;
}

// The decision about a filesystem in memory.
Decision InMemory() {
  Decision decision = Decision::Default();
  for (Plan& plan : decision.plans) {
    plan.protocol = Protocol::kRename;
    plan.in_memory = true;
    plan.reports_on_close = false;
  }
  return decision;
}

// Saves on a thread of the pool, which shows that the directory is in memory. Then no call is counted.
void LearnThatMemory() {
  script.threads = true;
  TheScheduler().ProvidePlan(kFilesystem, 0, InMemory());
  TheScheduler().Submit(JobFor("/directory/first"));
  TheListener()->Outcomes(1);
  script.calls.clear();
}

milliseconds Waited() {
  milliseconds sum(0);
  for (const milliseconds pause : script.pauses) sum += pause;
  return sum;
}

TEST("syncs a file with a barrier if the system has one, without a flush") {
  Reached reached = Reached::kSubmitted;
  CHECK(SyncedFile(&reached).ok());
  CHECK(reached == Reached::kOrdered);
  CHECK(script.calls == Calls{"SyncBarrier"});
}

TEST("flushes a file if the system has no barrier, whichever error says so") {
  for (const int error : kUnsupported) {
    script = {};
    script.always["SyncBarrier"] = error;
    Reached reached = Reached::kSubmitted;
    CHECK(SyncedFile(&reached).ok());
    CHECK(reached == Reached::kStable);
    CHECK((script.calls == Calls{"SyncBarrier", "SyncData"}));
  }
}

TEST("only submits a file if the system has neither barrier nor flush, and does not call it ordered") {
  script.always = {{"SyncBarrier", ENOTSUP}, {"SyncData", ENOTTY}};
  Reached reached = Reached::kStable;
  CHECK(SyncedFile(&reached).ok());
  CHECK(reached == Reached::kSubmitted);
  CHECK((script.calls == Calls{"SyncBarrier", "SyncData", "SubmitFile"}));
}

TEST("makes no other sync after a failed barrier") {
  for (const int error : kFinal) {
    script = {};
    script.always["SyncBarrier"] = error;
    Reached reached = Reached::kSubmitted;
    CHECK(SyncedFile(&reached).error() == error);
    CHECK(script.calls == Calls{"SyncBarrier"});
  }
}

TEST("makes no other sync after a failed flush") {
  for (const int error : kFinal) {
    script = {};
    script.always = {{"SyncBarrier", ENOSYS}, {"SyncData", error}};
    Reached reached = Reached::kSubmitted;
    CHECK(SyncedFile(&reached).error() == error);
    CHECK((script.calls == Calls{"SyncBarrier", "SyncData"}));
  }
}

TEST("returns the error of the strongest sync that exists if a file cannot be synced at all") {
  script.always = {{"SyncBarrier", ENOSYS}, {"SyncData", EINVAL}, {"SubmitFile", ENOSYS}};
  Reached reached = Reached::kSubmitted;
  CHECK(SyncedFile(&reached).error() == EINVAL);
}

TEST("flushes a directory, whichever sync its file got") {
  Reached reached = Reached::kSubmitted;
  CHECK(SyncedEntries(&reached).ok());
  CHECK(reached == Reached::kStable);
  CHECK(script.calls == Calls{"SyncDirectory"});
}

TEST("only submits a directory that cannot be flushed, and does not call it stable") {
  for (const int error : kUnsupported) {
    script = {};
    script.always["SyncDirectory"] = error;
    Reached reached = Reached::kStable;
    CHECK(SyncedEntries(&reached).ok());
    CHECK(reached == Reached::kSubmitted);
  }
}

TEST("makes no other sync after a failed flush of a directory") {
  for (const int error : kFinal) {
    script = {};
    script.always["SyncDirectory"] = error;
    Reached reached = Reached::kSubmitted;
    CHECK(SyncedEntries(&reached).error() == error);
    CHECK(script.calls == Calls{"SyncDirectory"});
  }
}

TEST("makes a successful rename once, without a pause") {
  CHECK(Replaced().ok());
  CHECK(script.calls == Calls{"Rename"});
  CHECK(script.pauses.empty());
}

TEST("uses the older rename if the newer one does not exist") {
  for (const int error : kUnsupported) {
    script = {};
    script.always["Rename"] = error;
    CHECK(Replaced().ok());
    CHECK((script.calls == Calls{"Rename", "RenameClassic"}));
  }
}

TEST("does not use the older rename if the newer one has failed") {
  for (const int error : {EIO, EXDEV, ENOSPC, ENOENT, EROFS, EISDIR}) {
    script = {};
    script.always["Rename"] = error;
    CHECK(Replaced().error() == error);
    CHECK(script.calls == Calls{"Rename"});
  }
}

TEST("returns the error of the newer rename if neither exists") {
  script.always = {{"Rename", EINVAL}, {"RenameClassic", ENOSYS}};
  CHECK(Replaced().error() == EINVAL);
}

TEST("returns the error of the older rename if that exists") {
  script.always = {{"Rename", ENOTSUP}, {"RenameClassic", EINVAL}};
  CHECK(Replaced().error() == EINVAL);
}

TEST("replaces nothing with the older call of an exclusive rename") {
  script.always["RenameExclusive"] = ENOTSUP;
  CHECK(RenamedNoReplace().ok());
  CHECK((script.calls == Calls{"RenameExclusive", "RenameClassic, no replace"}));
}

TEST("fails an exclusive rename to an existing name at once") {
  script.windows = true;
  script.always["RenameExclusive"] = EEXIST;
  CHECK(RenamedNoReplace().error() == EEXIST);
  CHECK(script.calls == Calls{"RenameExclusive"});
  CHECK(script.pauses.empty());
}

TEST("retries a rename while another program has the file open") {
  script.windows = true;
  script.answers["Rename"] = {EBUSY, EPERM, EBUSY};
  CHECK(Replaced().ok());
  CHECK(script.TimesCalled("Rename") == 4);
  CHECK((script.pauses == std::vector<milliseconds>{milliseconds(1), milliseconds(2), milliseconds(4)}));
}

TEST("retries a rename for two seconds, with growing pauses, and then returns its error") {
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

TEST("does not retry a rename on a system where open files block none") {
  script.always["Rename"] = EPERM;
  CHECK(Replaced().error() == EPERM);
  CHECK(script.calls == Calls{"Rename"});
}

TEST("retries the older rename as well") {
  script.windows = true;
  script.always["Rename"] = ENOTSUP;
  script.answers["RenameClassic"] = {EPERM, EPERM};
  CHECK(Replaced().ok());
  CHECK(script.TimesCalled("RenameClassic") == 3);
}

TEST("stops retrying at an error that cannot pass") {
  script.windows = true;
  script.answers["Rename"] = {EBUSY, EIO};
  CHECK(Replaced().error() == EIO);
  CHECK(script.TimesCalled("Rename") == 2);
}

TEST("removes a temporary when the program that has it open closes it") {
  script.windows = true;
  script.answers["Unlink"] = {EBUSY, EBUSY};
  CHECK(indelible::RemoveName(Directory(), "new").ok());
  CHECK(script.TimesCalled("Unlink") == 3);
}

TEST("fetches random bytes again only after an interruption") {
  script.answers["FillRandom"] = {EINTR, EINTR};
  std::string name;
  CHECK(indelible::TemporaryName(indelible::TemporaryKind::kOpen, &name).ok());
  CHECK(script.TimesCalled("FillRandom") == 3);
  CHECK(name == ".indelible-w-0-0-00000000-00000000-aaaaaaaaaaaaaaaa");
}

TEST("makes no temporary name without random bytes") {
  script.always["FillRandom"] = EIO;
  std::string name;
  CHECK(indelible::TemporaryName(indelible::TemporaryKind::kAny, &name).error() == EIO);
}

TEST("syncs the file before the rename and the directory after it") {
  const SaveOutcome outcome = Save();
  CHECK(outcome.status.ok() && outcome.published && outcome.durability == Durability::kDurable);
  CHECK(outcome.protocol == Protocol::kSyncRenameSync);
  CHECK(script.IndexOf("Write") < script.IndexOf("SyncBarrier"));
  CHECK(script.IndexOf("SyncBarrier") < script.IndexOf("Rename"));
  CHECK(script.IndexOf("Rename") < script.IndexOf("SyncDirectory"));
}

TEST("does not report a save as durable if the directory was only submitted") {
  script.always["SyncDirectory"] = ENOTTY;
  const SaveOutcome outcome = Save();
  CHECK(outcome.status.ok() && outcome.published && outcome.durability == Durability::kOrdered);
}

TEST("does not report a save as durable if the directory cannot be synced at all") {
  script.always = {{"SyncDirectory", ENOTSUP}, {"SubmitDirectory", ENOSYS}};
  const SaveOutcome outcome = Save();
  CHECK(outcome.status.ok() && outcome.published && outcome.durability == Durability::kOrdered);
}

TEST("does not report a save as ordered if the file was only submitted") {
  script.always = {{"SyncBarrier", ENOTSUP}, {"SyncData", ENOTSUP}};
  const SaveOutcome ordered = Save([](SaveRequest* request) { request->plan = PlanChoice::kOrdered; });
  CHECK(ordered.status.ok() && ordered.published && ordered.durability == Durability::kNone);
  script.always["SyncDirectory"] = ENOTTY;
  CHECK(Save().durability == Durability::kNone);
}

TEST("reports a save as durable if the file was only submitted and the directory is flushed") {
  script.always = {{"SyncBarrier", ENOTSUP}, {"SyncData", ENOTSUP}};
  CHECK(Save().durability == Durability::kDurable);
}

TEST("closes a file before the rename only where a close may report that its data is not stored") {
  script.always["Duplicate"] = EMFILE;
  CHECK(Save().status.error() == EMFILE && !script.Called("Rename"));
  Decision decision = Decision::Default();
  for (Plan& plan : decision.plans) plan.reports_on_close = false;
  CHECK(SaveBy(decision).status.ok());
}

TEST("tells the sync of a directory whether it is known to wait for the entries") {
  Decision decision = Decision::Default();
  for (Plan& plan : decision.plans) plan.directory_sync_waits = true;
  CHECK(SaveBy(decision).durability == Durability::kDurable);
  CHECK(script.directory_syncs_wait == std::vector<bool>{true});
  CHECK(SaveBy(Decision::Default()).durability == Durability::kDurable);
  CHECK((script.directory_syncs_wait == std::vector<bool>{true, false}));
}

TEST("reports no more durability than the plan achieves") {
  Decision decision = Decision::Default();
  for (Plan& plan : decision.plans) plan.achieves = Durability::kNone;
  CHECK(SaveBy(decision).durability == Durability::kNone);
}

TEST("syncs no directory for an ordered save") {
  const SaveOutcome outcome = Save([](SaveRequest* request) { request->plan = PlanChoice::kOrdered; });
  CHECK(outcome.durability == Durability::kOrdered);
  CHECK(!script.Called("SyncDirectory"));
}

TEST("only renames for a save without durability") {
  const SaveOutcome outcome = Save([](SaveRequest* request) { request->plan = PlanChoice::kNone; });
  CHECK(outcome.protocol == Protocol::kRename && outcome.durability == Durability::kNone);
  CHECK(!script.Called("SyncBarrier") && !script.Called("SyncDirectory"));
}

TEST("writes the file back instead of syncing it with single-commit") {
  const SaveOutcome outcome = SaveBy(SingleCommit());
  CHECK(outcome.protocol == Protocol::kSingleCommit && outcome.durability == Durability::kDurable);
  CHECK(script.Called("WriteBack") && !script.Called("SyncBarrier"));
}

TEST("reports no durability if the previous version is kept where it has to be pinned") {
  const auto keep = [](SaveRequest* request) { request->previous = "/directory/file~"; };
  CHECK(SaveBy(Pinning(), keep).durability == Durability::kNone);
  CHECK(SaveBy(Pinning()).durability == Durability::kDurable);
  CHECK(Save(keep).durability == Durability::kDurable);
}

TEST("reports the length of the file") { CHECK(Save().bytes == 3); }

TEST("reports no durability for a failed save, published or not") {
  script.always["SyncDirectory"] = EIO;
  CHECK(Save().durability == Durability::kNone);
  script.always["Write"] = EIO;
  CHECK(Save().durability == Durability::kNone);
}

TEST("publishes nothing and leaves no temporary if the barrier fails") {
  script.always["SyncBarrier"] = EIO;
  const SaveOutcome outcome = Save();
  CHECK(outcome.status.error() == EIO && !outcome.published);
  CHECK(!script.Called("Rename"));
  CHECK(script.Called("Unlink"));
}

TEST("reports a save as published if the flush of the directory fails") {
  script.always["SyncDirectory"] = EIO;
  const SaveOutcome outcome = Save();
  CHECK(outcome.status.error() == EIO && outcome.published);
}

TEST("leaves no temporary if the rename stays blocked") {
  script.windows = true;
  script.always["Rename"] = EPERM;
  const SaveOutcome outcome = Save();
  CHECK(outcome.status.error() == EPERM && !outcome.published);
  CHECK(Waited() == milliseconds(2000));
  CHECK(script.Called("Unlink"));
}

TEST("closes the new file before the next rename on a system where open files block renames") {
  script.windows = true;
  CHECK(Save().status.ok());
  // Once after the writing, once after the rename.
  CHECK(script.TimesCalled("Close") == 2);
  CHECK(script.calls.at(script.IndexOf("Rename") + 1) == "Close");
}

TEST("keeps the new file locked until it is durable on other systems") {
  CHECK(Save().status.ok());
  CHECK(script.calls.back() == "Close");
  CHECK(script.calls.at(script.IndexOf("Rename") + 1) == "SyncDirectory");
}

TEST("sets the access control list before it writes data") {
  CHECK(Save().status.ok());
  CHECK(script.IndexOf("CreateFile") < script.IndexOf("CopyAccessList"));
  CHECK(script.IndexOf("CopyAccessList") < script.IndexOf("Write"));
}

TEST("sets no access control list if permissions are not preserved") {
  CHECK(Save([](SaveRequest* request) {
          request->preserve_mode = request->preserve_owner = request->preserve_attributes = false;
        }).status.ok());
  CHECK(!script.Called("CopyAccessList"));
  CHECK(!script.Called("CopyAttributes"));
}

TEST("leaves out an access control list that does not exist or that the process may not set") {
  for (const int error : {EPERM, EACCES, ENOTSUP, ENOSYS, ENOENT}) {
    script = {};
    script.always["CopyAccessList"] = error;
    CHECK(Save().status.ok());
  }
}

TEST("fails the save and leaves no temporary if the access control list cannot be read for another reason") {
  script.always["CopyAccessList"] = EIO;
  const SaveOutcome outcome = Save();
  CHECK(outcome.status.error() == EIO && !outcome.published);
  CHECK(!script.Called("Write"));
  CHECK(script.Called("Unlink"));
}

TEST("copies attributes in one call if the system has one") {
  CHECK(Save().status.ok());
  CHECK(script.Called("CopyAttributes"));
  CHECK(!script.Called("SetAttribute"));
}

TEST("copies attributes one by one if the system has no call for all") {
  script.always["CopyAttributes"] = ENOSYS;
  CHECK(Save().status.ok());
  CHECK(script.Called("ListAttributes"));
}

TEST("fails the save if attributes cannot be copied for another reason than privilege") {
  script.always["CopyAttributes"] = EIO;
  CHECK(Save().status.error() == EIO);
  script = {};
  script.always["CopyAttributes"] = EPERM;
  CHECK(Save().status.ok());
}

namespace {

// One entry of an access list as the kernel writes it: tag, rights, id.
std::string EntryOf(char tag, char rights) { return {tag, 0, rights, 0, 1, 0, 0, 0}; }

// user::rw-, a named user, group::---, a named group, a mask, other::r--
std::string ListWith(char user, char group, char mask) {
  return std::string("\2\0\0\0", 4) + EntryOf(1, 6) + EntryOf(2, user) + EntryOf(4, 0) + EntryOf(8, group) +
         EntryOf(16, mask) + EntryOf(32, 4);
}

}  // namespace

TEST("reads from an access list what each kind of entry gives after the mask") {
  AccessList list;
  CHECK(AccessList::Parse(ListWith(6, 7, 5), &list));
  CHECK(list.group == 0 && list.named_users == 4 && list.named_groups == 5);
}

TEST("reads no access list of another version or length") {
  AccessList list;
  CHECK(!AccessList::Parse("", &list));
  CHECK(!AccessList::Parse(std::string("\3\0\0\0", 4), &list));
  CHECK(!AccessList::Parse(ListWith(6, 7, 5) + "x", &list));
}

TEST("gives the group no more without the access list than the list gave it") {
  AccessList list;
  CHECK(AccessList::Parse(ListWith(6, 6, 6), &list));
  CHECK(ModeWithoutList(0664, &list, true, true) == 0604);
}

TEST("gives all others no more without the access list than each named user and group had") {
  AccessList list;
  CHECK(AccessList::Parse(ListWith(0, 6, 6), &list));
  CHECK(ModeWithoutList(0664, &list, true, true) == 0600);
  CHECK(AccessList::Parse(ListWith(6, 0, 6), &list));
  CHECK(ModeWithoutList(0664, &list, true, true) == 0600);
}

TEST("gives the old owner and the old group no more rights on a file that is not theirs any more") {
  CHECK(ModeWithoutList(0644, nullptr, false, false) == 0644);
  CHECK(ModeWithoutList(0664, nullptr, true, false) == 0644);
  CHECK(ModeWithoutList(0606, nullptr, true, false) == 0600);
  CHECK(ModeWithoutList(0466, nullptr, false, true) == 0444);
  CHECK(ModeWithoutList(06755, nullptr, true, true) == 0755);
}

TEST("creates a temporary with no right that owner, group and all others do not have alike") {
  CHECK(CreationMode(0644) == 0644);
  CHECK(CreationMode(0640) == 0600);
  CHECK(CreationMode(0604) == 0600);
  CHECK(CreationMode(0266) == 0222);
  CHECK(CreationMode(06755) == 0755);
}

TEST("publishes nothing in a synchronous save without a decision, and returns the plan request") {
  script.generation = 5;
  const std::vector<PlanRequest> needed = SaveSync({JobOf(), JobFor("/directory/second")});
  CHECK(needed.size() == 1);
  CHECK(needed[0].filesystem == kFilesystem && needed[0].directory == "/directory");
  CHECK(needed[0].generation == 5 && needed[0].syncs == 0);
  CHECK(!script.Called("CreateFile"));
  CHECK(TheListener()->requests() == 0);
}

TEST("accepts the same synchronous saves again once their plans are provided") {
  const std::vector<std::shared_ptr<SaveJob>> jobs{JobOf(), JobFor("/other/file")};
  CHECK(SaveSync(jobs).size() == 2);
  TheScheduler().ProvidePlan(kFilesystem, 0, Decision::Default());
  CHECK(SaveSync(jobs).size() == 1);
  TheScheduler().ProvidePlan(kOther, 0, Decision::Default());
  CHECK(SaveSync(jobs).empty());
  for (const auto& job : jobs) CHECK(job->outcome().status.ok() && job->outcome().published);
  CHECK(script.TimesCalled("Rename") == 2);
}

TEST("publishes synchronous saves in groups of as many as there are descriptors for") {
  TheScheduler().ProvidePlan(kFilesystem, 0, Decision::Default());
  for (const int error : {EMFILE, ENFILE}) {
    script.calls.clear();
    script.answers["CreateFile"] = {0, 0, error};
    const std::vector<std::shared_ptr<SaveJob>> jobs{JobOf(), JobFor("/directory/2"), JobFor("/directory/3")};
    CHECK(SaveSync(jobs).empty());
    for (const auto& job : jobs) CHECK(job->outcome().status.ok() && job->outcome().published);
    CHECK(script.TimesCalled("SyncDirectory") == 2);
  }
}

TEST("does not save again what it has published before it lacks a plan") {
  TheScheduler().ProvidePlan(kFilesystem, 0, Decision::Default());
  script.answers["CreateFile"] = {0, EMFILE};
  std::vector<std::shared_ptr<SaveJob>> jobs{JobOf(), JobFor("/directory/2"), JobFor("/other/file")};
  CHECK(TheScheduler().SaveSync(&jobs).size() == 1);
  CHECK(jobs.size() == 2 && script.TimesCalled("Rename") == 1);
  TheScheduler().ProvidePlan(kOther, 0, Decision::Default());
  CHECK(TheScheduler().SaveSync(&jobs).empty());
  CHECK(jobs.empty() && script.TimesCalled("Rename") == 3);
}

TEST("fails a synchronous save alone if it finds no descriptor even after the others were published") {
  TheScheduler().ProvidePlan(kFilesystem, 0, Decision::Default());
  script.answers["CreateFile"] = {0, EMFILE, EMFILE, 0};
  const std::vector<std::shared_ptr<SaveJob>> jobs{JobOf(), JobFor("/directory/2"), JobFor("/directory/3")};
  CHECK(SaveSync(jobs).empty());
  CHECK(jobs[0]->outcome().published && jobs[2]->outcome().published);
  CHECK(!jobs[1]->outcome().published && jobs[1]->outcome().status.error() == EMFILE);
}

// A decision with which groups are synced by one syncfs.
Decision SyncingGroups(GroupSync how) {
  Decision decision = Decision::Default();
  for (Plan& plan : decision.plans) plan.group_sync = how;
  return decision;
}

// Saves to so many files in one group, on this thread.
std::vector<std::shared_ptr<SaveJob>> SaveGroup(size_t count, const Decision& decision) {
  TheScheduler().ProvidePlan(kFilesystem, script.generation, decision);
  std::vector<std::shared_ptr<SaveJob>> jobs;
  for (size_t i = 0; i < count; ++i) jobs.push_back(JobFor("/directory/" + std::to_string(i)));
  CHECK(SaveSync(jobs).empty());
  return jobs;
}

size_t Published(const std::vector<std::shared_ptr<SaveJob>>& jobs) {
  size_t published = 0;
  for (const auto& job : jobs) {
    CHECK(job->outcome().published == job->outcome().status.ok());
    if (job->outcome().published) ++published;
  }
  return published;
}

// The index of the last such call.
size_t LastIndexOf(const std::string& call) {
  size_t last = script.calls.size();
  for (size_t i = 0; i < script.calls.size(); ++i) {
    if (script.calls[i] == call) last = i;
  }
  return last;
}

TEST("starts the writeback of all files of a group, and awaits it before the first rename") {
  CHECK(Published(SaveGroup(3, SingleCommit())) == 3);
  CHECK(script.TimesCalled("StartWriteBack") == 3 && script.TimesCalled("WriteBack") == 3);
  CHECK(LastIndexOf("StartWriteBack") < script.IndexOf("WriteBack"));
  CHECK(LastIndexOf("WriteBack") < script.IndexOf("Rename"));
  CHECK(script.TimesCalled("SyncDirectory") == 1 && LastIndexOf("Rename") < script.IndexOf("SyncDirectory"));
}

TEST("publishes the other saves of a group if the data of one could not be written back") {
  script.answers["WriteBack"] = {0, EIO, 0};
  const auto jobs = SaveGroup(3, SingleCommit());
  CHECK(Published(jobs) == 2 && jobs[1]->outcome().status.error() == EIO);
  CHECK(script.TimesCalled("Rename") == 2 && script.Called("Unlink"));
}

TEST("syncs the files of a group one by one if writeback cannot be started, before the first rename") {
  script.always["StartWriteBack"] = script.always["WriteBack"] = ENOSYS;
  const auto jobs = SaveGroup(3, SingleCommit());
  CHECK(Published(jobs) == 3 && jobs[0]->outcome().protocol == Protocol::kSyncRenameSync);
  CHECK(script.TimesCalled("SyncBarrier") == 3 && LastIndexOf("SyncBarrier") < script.IndexOf("Rename"));
}

TEST("fails a save whose writeback cannot be started for another reason") {
  for (const int error : kFinal) {
    script = {};
    script.answers["StartWriteBack"] = {error};
    const auto jobs = SaveGroup(2, SingleCommit());
    CHECK(Published(jobs) == 1 && jobs[0]->outcome().status.error() == error);
    CHECK(!script.Called("SyncBarrier"));
  }
}

// Two saves to one path. The second one replaces the first before that is seen by anybody.
std::vector<std::shared_ptr<SaveJob>> SaveTwice() {
  TheScheduler().ProvidePlan(kFilesystem, 0, SingleCommit());
  const std::vector<std::shared_ptr<SaveJob>> jobs{JobOf(), JobOf()};
  CHECK(SaveSync(jobs).empty());
  return jobs;
}

TEST("fails a save whose data could not be written back, although a later one to its path is published") {
  script.answers["WriteBack"] = {EIO, 0};
  const auto jobs = SaveTwice();
  CHECK(Published(jobs) == 1 && jobs[0]->outcome().status.error() == EIO);
  CHECK(script.TimesCalled("Rename") == 1);
}

TEST("publishes a save if the data of a later one to its path could not be written back") {
  script.answers["WriteBack"] = {0, EIO};
  const auto jobs = SaveTwice();
  CHECK(Published(jobs) == 1 && jobs[1]->outcome().status.error() == EIO);
  CHECK(script.TimesCalled("Rename") == 1);
}

TEST("waits for the data of a large file before others can be delayed by it") {
  TheScheduler().ProvidePlan(kFilesystem, 0, SingleCommit());
  static const std::vector<uint8_t> data((1 << 20) + 1);
  const auto large = JobOf([](SaveRequest* request) {
    request->data = data.data();
    request->size = data.size();
  });
  CHECK(SaveSync({large, JobFor("/directory/small")}).empty());
  CHECK(large->outcome().published);
  CHECK(script.IndexOf("WriteBack") < LastIndexOf("StartWriteBack"));
}

TEST("makes the data of a group durable by one syncfs before the first rename, where that is trusted") {
  const auto jobs = SaveGroup(8, SyncingGroups(GroupSync::kData));
  CHECK(Published(jobs) == 8 && jobs[7]->outcome().durability == Durability::kDurable);
  CHECK(!script.Called("SyncBarrier") && script.TimesCalled("SyncFilesystem") == 1);
  // Without a journal ext4 flushes the cache of the disk before it writes the last blocks.
  CHECK(script.TimesCalled("SyncData") == 1 && script.IndexOf("SyncFilesystem") < script.IndexOf("SyncData"));
  CHECK(script.IndexOf("SyncData") < script.IndexOf("Rename"));
  CHECK(script.TimesCalled("SyncDirectory") == 1);
}

TEST("makes the names of a group durable by a second syncfs after the last rename, where that is trusted") {
  const auto jobs = SaveGroup(8, SyncingGroups(GroupSync::kDataAndNames));
  CHECK(Published(jobs) == 8 && jobs[7]->outcome().durability == Durability::kDurable);
  CHECK(script.TimesCalled("SyncFilesystem") == 2 && !script.Called("SyncDirectory"));
  CHECK(script.IndexOf("SyncFilesystem") < script.IndexOf("Rename"));
  CHECK(LastIndexOf("Rename") < LastIndexOf("SyncFilesystem"));
}

TEST("syncs each file of a group that is too small for a syncfs to pay") {
  CHECK(Published(SaveGroup(7, SyncingGroups(GroupSync::kDataAndNames))) == 7);
  CHECK(script.TimesCalled("SyncBarrier") == 7 && !script.Called("SyncFilesystem"));
  CHECK(LastIndexOf("SyncBarrier") < script.IndexOf("Rename"));
}

TEST("publishes none of a group whose syncfs has failed, and syncs none of its files again") {
  for (const int error : kFinal) {
    script = {};
    script.always["SyncFilesystem"] = error;
    const auto jobs = SaveGroup(8, SyncingGroups(GroupSync::kDataAndNames));
    CHECK(Published(jobs) == 0);
    for (const auto& job : jobs) CHECK(job->outcome().status.error() == error);
    CHECK(!script.Called("Rename") && !script.Called("SyncBarrier") && script.TimesCalled("Unlink") == 8);
  }
}

TEST("publishes no save whose own data could not be written, although the syncfs of its group succeeds") {
  script.answers["WriteBack"] = {0, 0, EIO};
  const auto jobs = SaveGroup(8, SyncingGroups(GroupSync::kData));
  CHECK(Published(jobs) == 7 && jobs[2]->outcome().status.error() == EIO);
  CHECK(script.TimesCalled("Rename") == 7);
}

TEST("syncs each file of a group from then on if syncfs is not available") {
  for (const int error : {ENOSYS, EPERM, EACCES}) {
    script = {};
    script.generation = static_cast<uint64_t>(error);
    script.always["SyncFilesystem"] = error;
    for (int group = 0; group < 2; ++group) {
      const auto jobs = SaveGroup(8, SyncingGroups(GroupSync::kDataAndNames));
      CHECK(Published(jobs) == 8 && jobs[0]->outcome().durability == Durability::kDurable);
    }
    CHECK(script.TimesCalled("SyncBarrier") == 16 && script.TimesCalled("SyncDirectory") == 2);
    CHECK(script.TimesCalled("SyncFilesystem") == 1);
  }
}

TEST("reports a group as published if its second syncfs fails, and syncs the directory if that is missing") {
  script.answers["SyncFilesystem"] = {0, EIO};
  for (const auto& job : SaveGroup(8, SyncingGroups(GroupSync::kDataAndNames))) {
    CHECK(job->outcome().published && job->outcome().status.error() == EIO);
  }
  script = {};
  script.answers["SyncFilesystem"] = {0, ENOSYS};
  // The choice tries the other way in between.
  CHECK(Published(SaveGroup(9, SyncingGroups(GroupSync::kDataAndNames))) == 9);
  CHECK(Published(SaveGroup(17, SyncingGroups(GroupSync::kDataAndNames))) == 17);
  CHECK(script.TimesCalled("SyncDirectory") >= 1);
}

TEST("syncs a group that is on two filesystems file by file") {
  TheScheduler().ProvidePlan(kFilesystem, 0, SyncingGroups(GroupSync::kDataAndNames));
  TheScheduler().ProvidePlan(kOther, 0, SyncingGroups(GroupSync::kDataAndNames));
  std::vector<std::shared_ptr<SaveJob>> jobs;
  for (int i = 0; i < 16; ++i)
    jobs.push_back(JobFor((i % 2 == 0 ? "/directory/" : "/other/") + std::to_string(i)));
  CHECK(SaveSync(jobs).empty());
  CHECK(Published(jobs) == 16);
  CHECK(script.TimesCalled("SyncBarrier") == 16 && !script.Called("SyncFilesystem"));
}

TEST("chooses the way to sync a group that was faster for the last groups of its size") {
  GroupSyncChoice choice;
  CHECK(!choice.ByFilesystem(7));
  // Each way is tried once.
  CHECK(choice.ByFilesystem(64));
  choice.Record(64, true, milliseconds(50));
  CHECK(!choice.ByFilesystem(64));
  choice.Record(64, false, milliseconds(100));
  CHECK(choice.ByFilesystem(64));
  // A group of another size is another question.
  choice.Record(256, true, milliseconds(300));
  choice.Record(256, false, milliseconds(200));
  CHECK(!choice.ByFilesystem(256) && choice.ByFilesystem(64));
  // Another program has written much.
  choice.Record(64, true, milliseconds(900));
  CHECK(!choice.ByFilesystem(64));
}

TEST(
    "tries the slower way to sync a group again, but ever more rarely, and uses it if it has become faster") {
  GroupSyncChoice choice;
  choice.Record(64, true, milliseconds(900));
  std::vector<int> tried;
  for (int group = 0; group < 200; ++group) {
    const bool by_filesystem = choice.ByFilesystem(64);
    if (by_filesystem) tried.push_back(group);
    choice.Record(64, by_filesystem, milliseconds(by_filesystem ? 900 : 100));
  }
  CHECK(tried.size() >= 2 && tried.size() <= 4);
  CHECK(tried[1] - tried[0] > tried[0]);
  int until_noticed = 0;
  while (!choice.ByFilesystem(64)) {
    choice.Record(64, false, milliseconds(100));
    CHECK(++until_noticed < 600);
  }
  choice.Record(64, true, milliseconds(50));
  CHECK(choice.ByFilesystem(64));
}

// The sizes of the groups that a leader commits, the first of them when this save is ready.
std::vector<size_t> GroupsOf(CommitLeader* leader, const std::shared_ptr<ScheduledSave>& save,
                             milliseconds duration = milliseconds(0)) {
  std::vector<size_t> sizes;
  CHECK(leader->AddReady(save));
  leader->RunLeader(
      kFilesystem, [&](const ScheduledSaves&) { std::this_thread::sleep_for(duration); },
      [&](const ScheduledSaves& group) { sizes.push_back(group.size()); });
  return sizes;
}

TEST("waits with a commit for a save that has begun and has not found its target") {
  PlanCache plans;
  UnsyncedDirectories unsynced;
  plans.Provide(kFilesystem, 0, SingleCommit());
  CommitLeader leader(&plans, &ThePool());
  const auto ready = [&](const std::string& path) {
    auto save = std::make_shared<ScheduledSave>(JobFor(path));
    PlanRequest needed;
    CHECK(save->job->Prepare(&plans, &unsynced, [] {}, [] {}, &needed) == SaveJob::Prepared::kReady);
    return save;
  };
  // Two commits, which take a second each.
  for (int i = 0; i < 2; ++i) GroupsOf(&leader, ready("/directory/before"), milliseconds(1000));
  const std::shared_ptr<ScheduledSave> first = ready("/directory/first");
  const std::shared_ptr<ScheduledSave> late = ready("/directory/late");
  leader.Admit(late.get());
  std::thread other([&] {
    std::this_thread::sleep_for(milliseconds(50));
    CHECK(!leader.AddReady(late));
    leader.StopExpecting(late.get());
  });
  CHECK(GroupsOf(&leader, first) == std::vector<size_t>{2});
  other.join();
  // One that never finds its target holds up one group only.
  for (int i = 0; i < 2; ++i) GroupsOf(&leader, ready("/directory/before"), milliseconds(100));
  leader.Admit(std::make_shared<ScheduledSave>(JobOf()).get());
  CHECK(GroupsOf(&leader, ready("/directory/first")) == std::vector<size_t>{1});
}

std::shared_ptr<ScheduledSave> Waiting() { return std::make_shared<ScheduledSave>(JobOf()); }

TEST("starts no more threads for stage 1 than saves that wait, nor more than pay") {
  Workers workers;
  CHECK(workers.Add() == nullptr);
  workers.Enqueue(Waiting());
  CHECK(workers.Add() != nullptr);
  CHECK(workers.Add() == nullptr);
  for (int i = 0; i < 1000; ++i) workers.Enqueue(Waiting());
  size_t added = 1;
  while (workers.Add() != nullptr) CHECK(++added < 1000);
  CHECK(added >= 2);
}

TEST("starts another thread for stage 1 in place of one that waits, and ends the one too many") {
  Workers workers;
  std::vector<Workers::Worker*> all;
  for (int i = 0; i < 1000; ++i) workers.Enqueue(Waiting());
  while (Workers::Worker* const worker = workers.Add()) {
    CHECK(workers.Next(worker) != nullptr);
    all.push_back(worker);
  }
  workers.Waits(all[0]);
  Workers::Worker* const substitute = workers.Add();
  CHECK(substitute != nullptr && workers.Add() == nullptr);
  CHECK(workers.Next(substitute) != nullptr);
  CHECK(workers.Next(all[0]) == nullptr);
  CHECK(workers.Next(all[1]) != nullptr);
}

size_t StartAll(Workers* workers) {
  size_t started = 0;
  for (; Workers::Worker* const worker = workers->Add(); ++started) CHECK(workers->Next(worker) != nullptr);
  return started;
}

TEST("starts another thread for each that takes long for a save, and twice as many while all do") {
  Workers workers;
  for (int i = 0; i < 1000; ++i) workers.Enqueue(Waiting());
  const size_t first = StartAll(&workers);
  std::this_thread::sleep_for(2 * Workers::kSlow);
  CHECK(workers.FindSlow());
  CHECK(StartAll(&workers) == first);
  std::this_thread::sleep_for(2 * Workers::kSlow);
  CHECK(workers.FindSlow());
  CHECK(StartAll(&workers) == 2 * first);
}

TEST("makes a save on the calling thread if its directory is known to be in memory") {
  CHECK(!TheScheduler().SaveAtOnce(JobOf()));
  CHECK(script.calls.empty());
  LearnThatMemory();
  const std::shared_ptr<SaveJob> job = JobOf();
  CHECK(TheScheduler().SaveAtOnce(job));
  CHECK(job->outcome().published && job->outcome().replaced);
  CHECK(job->outcome().protocol == Protocol::kRename);
  CHECK(TheListener()->Outcomes(1).size() == 1);
}

// Runs until the budget refuses a save. Each takes at least a tenth of the time of a turn.
int SavesInTurn(TurnBudget* budget) {
  int saves = 0;
  while (budget->Spend([] {
    std::this_thread::sleep_for(std::chrono::microseconds(100));
    return true;
  })) {
    CHECK(++saves <= 10);
  }
  return saves;
}

TEST("leaves saves to the pool when the time of a turn is used up, until the next turn") {
  TurnBudget budget;
  CHECK(SavesInTurn(&budget) > 0);
  CHECK(SavesInTurn(&budget) == 0);
  // On a busy machine a save may have taken so long that the budget pauses for some turns.
  for (int turn = 0; turn < 10000; ++turn) {
    budget.BeginTurn();
    if (SavesInTurn(&budget) > 0) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK(false);
}

TEST("leaves a save to the pool before it may wait for anything") {
  LearnThatMemory();
  for (const auto& change : std::vector<Change>{
           [](SaveRequest* request) { request->size = size_t{64 << 10} + 1; },
           [](SaveRequest* request) { request->previous = "/directory/old"; },
           [](SaveRequest* request) { request->make_directories = true; },
       }) {
    CHECK(!TheScheduler().SaveAtOnce(JobOf(change)));
  }
  CHECK(script.calls.empty());
  // The path is not in the kernel's memory, or a link.
  for (const int error : {EAGAIN, ELOOP, ENOENT, ENOSYS}) {
    script.answers["OpenCached"] = {error};
    CHECK(!TheScheduler().SaveAtOnce(JobOf()));
  }
  CHECK(script.TimesCalled("OpenCached") == script.calls.size());
}

TEST("leaves a save to the pool if its path leads to another filesystem than before") {
  LearnThatMemory();
  // The mount table has changed.
  script.generation = 1;
  CHECK(!TheScheduler().SaveAtOnce(JobOf()));
  TheScheduler().ProvidePlan(kFilesystem, 1, Decision::Default());
  CHECK(!TheScheduler().SaveAtOnce(JobOf()));
  CHECK(script.TimesCalled("OpenCached") == script.calls.size());
}

TEST("leaves a save to the pool that would follow a link or free a large file") {
  LearnThatMemory();
  script.link = true;
  CHECK(!TheScheduler().SaveAtOnce(JobOf()));
  script.link = false;
  script.size = 1 << 20;
  CHECK(!TheScheduler().SaveAtOnce(JobOf()));
  CHECK(!script.Called("CreateFile"));
}

TEST("leaves a save to the pool if there are no descriptors, which it may wait for there") {
  LearnThatMemory();
  script.answers["CreateFile"] = {EMFILE};
  const std::shared_ptr<SaveJob> job = JobOf();
  CHECK(!TheScheduler().SaveAtOnce(job));
  TheScheduler().Submit(job);
  CHECK(TheListener()->Outcomes(2).at(1).published);
}

TEST("reports the failure of a save on the calling thread") {
  LearnThatMemory();
  script.answers["Write"] = {ENOSPC};
  const std::shared_ptr<SaveJob> job = JobOf();
  CHECK(TheScheduler().SaveAtOnce(job));
  CHECK(job->outcome().status.error() == ENOSPC && !job->outcome().published);
  CHECK(script.TimesCalled("Unlink") == 1);
}

TEST("makes no save on the calling thread before an earlier one to its path is published") {
  LearnThatMemory();
  TheScheduler().ProvidePlan(kOther, 0, InMemory());
  // Waits for its plan.
  script.generation = 1;
  TheScheduler().Submit(JobOf());
  const PlanRequest needed = TheListener()->NextRequest();
  script.generation = 0;
  CHECK(!TheScheduler().SaveAtOnce(JobOf()));
  TheScheduler().ProvidePlan(needed.filesystem, 0, InMemory());
  CHECK(TheListener()->Outcomes(2).at(1).published);
  CHECK(TheScheduler().SaveAtOnce(JobOf()));
}

TEST("leaves some of many saves to memory to the pool, as long as too few wait for its threads") {
  LearnThatMemory();
  CHECK(!TheScheduler().SaveAtOnce(JobOf(), true));
  CHECK(script.calls.empty());
  TheScheduler().ProvidePlan(kOther, 0, InMemory());
  TheScheduler().Submit(JobFor("/other/first"));
  TheListener()->Outcomes(2);
  // The saves that have slots wait for a plan that is never provided, and the others for a slot.
  script.generation = 1;
  TheScheduler().ProvidePlan(kOther, 1, InMemory());
  const size_t saves = std::max(2U, std::thread::hardware_concurrency()) + 4;
  for (size_t i = 0; i < saves; ++i) TheScheduler().Submit(JobFor("/directory/" + std::to_string(i)));
  CHECK(TheScheduler().SaveAtOnce(JobFor("/other/file"), true));
}

TEST("notifies a listener once of several saves to memory that one thread makes in a row") {
  LearnThatMemory();
  // The saves that have slots wait for their plan, and the others for a slot.
  script.generation = 1;
  constexpr size_t kSaves = 64;
  for (size_t i = 0; i < kSaves; ++i) TheScheduler().Submit(JobFor("/directory/" + std::to_string(i)));
  const PlanRequest needed = TheListener()->NextRequest();
  const size_t before = TheListener()->notified();
  TheScheduler().ProvidePlan(needed.filesystem, needed.generation, InMemory());
  TheListener()->Outcomes(1 + kSaves);
  // A test with threads waits for the last notification.
  while (TheListener()->notified() == before) std::this_thread::yield();
  CHECK(TheListener()->notified() - before <= kSaves / 4);
}

TEST("keeps no commit queue and no decision for each of many filesystems that were saved to") {
  indelible::PlanCache plans;
  indelible::CommitLeader leader(&plans, &ThePool());
  for (int i = 0; i < 5000; ++i) {
    const std::string path = "/mount" + std::to_string(i) + "/file";
    PlanRequest needed;
    const FilesystemId filesystem{static_cast<uint32_t>(i), 9, 0};
    CHECK(!plans.Find(filesystem, Directory(), nullptr, &needed));
    plans.Provide(filesystem, needed.generation, Decision::Default());
    leader.RunLeader(
        filesystem, [](const indelible::ScheduledSaves&) {}, [](const indelible::ScheduledSaves&) {});
    CHECK(leader.queues() <= 64 && plans.entries() <= 256);
  }
}

// Copies three bytes, the only ones of a file.
Status Copied(uint64_t* copied) {
  script.to_copy = 3;
  return indelible::CopyContent(Descriptor(3), Descriptor(4), kFilesystem, 0, copied);
}

TEST("copies a file by the kernel if its blocks cannot be shared, and through memory if that is missing") {
  for (const int error : {EXDEV, EINVAL, EPERM, ENOTTY, EOPNOTSUPP}) {
    script = {};
    script.answers["CloneContent"] = {error};
    uint64_t copied = 0;
    CHECK(Copied(&copied).ok() && copied == 3);
    CHECK((script.calls == Calls{"CloneContent", "CopyRange"}) || script.calls == Calls{"CopyRange"});
  }
  for (const int error : {EXDEV, EINVAL, ENOSYS}) {
    script = {};
    script.answers["CopyRange"] = {error};
    uint64_t copied = 0;
    CHECK(Copied(&copied).ok() && copied == 3);
    CHECK((script.calls == Calls{"CopyRange", "ReadAt", "WriteAt"}));
  }
  script = {};
  uint64_t copied = 0;
  CHECK(Copied(&copied).ok() && copied == 3);
  CHECK((script.calls == Calls{"ReadAt", "WriteAt"}));
}

TEST("forgets no way to copy because two files are on different filesystems") {
  for (int i = 0; i < 2; ++i) {
    script = {};
    script.always = {{"CloneContent", EXDEV}, {"CopyRange", EXDEV}};
    uint64_t copied = 0;
    CHECK(Copied(&copied).ok() && copied == 3);
    CHECK((script.calls == Calls{"CloneContent", "CopyRange", "ReadAt", "WriteAt"}));
  }
}

TEST("copies in no other way after a failed disk or a full one") {
  for (const int error : kFinal) {
    uint64_t copied = 0;
    script = {};
    script.always["CloneContent"] = error;
    CHECK(Copied(&copied).error() == error && script.calls == Calls{"CloneContent"});
    script = {};
    script.always["CloneContent"] = EXDEV;
    script.always["CopyRange"] = error;
    CHECK(Copied(&copied).error() == error && (script.calls == Calls{"CloneContent", "CopyRange"}));
  }
}

TEST("reads the end of a file, which a kernel that copies nothing does not know") {
  script.answers["CloneContent"] = {EXDEV};
  script.to_copy = 0;
  uint64_t copied = 1;
  CHECK(indelible::CopyContent(Descriptor(3), Descriptor(4), kFilesystem, 0, &copied).ok());
  CHECK(copied == 0 && (script.calls == Calls{"CloneContent", "CopyRange", "ReadAt"}));
}

TEST("uses a decision until the mount table changes") {
  TheScheduler().ProvidePlan(kFilesystem, 0, Decision::Default());
  CHECK(SaveSync({JobOf()}).empty());
  script.generation = 1;
  CHECK(SaveSync({JobOf()}).size() == 1);
}

Decision OfMountAlone(Decision decision) {
  decision.of_mount_alone = true;
  return decision;
}

// Saves until a decision is needed, and provides it.
void Decide(const Decision& decision) {
  const std::vector<PlanRequest> needed = SaveSync({JobOf()});
  CHECK(needed.size() == 1);
  TheScheduler().ProvidePlan(kFilesystem, needed[0].generation, decision);
  CHECK(SaveSync({JobOf()}).empty());
}

TEST("uses a decision after a change of the mount table as well, if its mount is still the same") {
  script.mount = "1 rw";
  Decide(OfMountAlone(Decision::Default()));
  for (int i = 0; i < 3; ++i) {
    ++script.generation;
    CHECK(SaveSync({JobOf()}).empty());
  }
  ++script.generation;
  script.mount = "1 ro";
  Decide(OfMountAlone(Decision::Default()));
  ++script.generation;
  script.mount = "2 ro";
  CHECK(SaveSync({JobOf()}).size() == 1);
}

TEST("requests a decision that other mounts may change again, with the syncs that were counted") {
  script.mount = "1 rw";
  Decide(LearningAfter(2));
  script.generation = 1;
  CHECK(SaveSync({JobOf()}).at(0).syncs == 1);
  TheScheduler().ProvidePlan(kFilesystem, 1, LearningAfter(2));
  CHECK(SaveSync({JobOf()}).empty());
  CHECK(SaveSync({JobOf()}).at(0).syncs == 2);
  script.generation = 2;
  script.mount = "2 rw";
  CHECK(SaveSync({JobOf()}).at(0).syncs == 0);
}

TEST("requests a decision again if its mount has changed back since, but not before the evidence was read") {
  script.mount = "1 rw";
  CHECK(SaveSync({JobOf()}).size() == 1);
  // Other options while the evidence is read.
  script.generation = 2;
  TheScheduler().ProvidePlan(kFilesystem, 0, OfMountAlone(Decision::Default()));
  CHECK(SaveSync({JobOf()}).size() == 1);
}

TEST("does not try a missing call again after a change of the mount table, if the mount is still the same") {
  script.mount = "1 rw";
  script.always["CreateUnnamed"] = EOPNOTSUPP;
  Decision decision = OfMountAlone(Decision::Default());
  for (Plan& plan : decision.plans) plan.unnamed = true;
  Decide(decision);
  CHECK(script.TimesCalled("CreateUnnamed") == 1);
  ++script.generation;
  CHECK(SaveSync({JobOf()}).empty());
  CHECK(script.TimesCalled("CreateUnnamed") == 1);
  ++script.generation;
  script.mount = "2 rw";
  Decide(decision);
  CHECK(script.TimesCalled("CreateUnnamed") == 2);
}

TEST("uses the default plan if the mount table changes all the time") {
  const std::shared_ptr<SaveJob> job = JobOf();
  size_t asked = 0;
  for (; !SaveSync({job}).empty(); ++asked) CHECK(asked < 5);
  CHECK(asked > 0);
  CHECK(job->outcome().status.ok() && job->outcome().protocol == Protocol::kSyncRenameSync);
}

TEST("requests a learning decision again after its number of syncs, and not before") {
  TheScheduler().ProvidePlan(kFilesystem, 0, LearningAfter(3));
  for (int i = 0; i < 3; ++i) CHECK(SaveSync({JobOf()}).empty());
  const std::vector<PlanRequest> needed = SaveSync({JobOf()});
  CHECK(needed.size() == 1 && needed[0].syncs == 3);
  // Provided again with the same mount table: the count stays.
  TheScheduler().ProvidePlan(kFilesystem, 0, LearningAfter(4));
  CHECK(SaveSync({JobOf()}).empty());
  CHECK(SaveSync({JobOf()}).at(0).syncs == 4);
  TheScheduler().ProvidePlan(kFilesystem, 0, Decision::Default());
  for (int i = 0; i < 5; ++i) CHECK(SaveSync({JobOf()}).empty());
}

TEST("starts counting syncs again after a change of the mount table") {
  TheScheduler().ProvidePlan(kFilesystem, 0, LearningAfter(1));
  CHECK(SaveSync({JobOf()}).empty());
  script.generation = 1;
  CHECK(SaveSync({JobOf()}).at(0).syncs == 0);
  TheScheduler().ProvidePlan(kFilesystem, 1, LearningAfter(1));
  CHECK(SaveSync({JobOf()}).empty());
  CHECK(SaveSync({JobOf()}).at(0).syncs == 1);
}

TEST("counts one sync for saves that may share it") {
  TheScheduler().ProvidePlan(kFilesystem, 0, LearningAfter(2));
  CHECK(SaveSync({JobOf(), JobFor("/directory/second"), JobFor("/third/file")}).empty());
  CHECK(SaveSync({JobOf()}).empty());
  CHECK(SaveSync({JobOf()}).at(0).syncs == 2);
}

TEST("does not count a sync that did not reach stable storage, nor a save without a sync") {
  TheScheduler().ProvidePlan(kFilesystem, 0, LearningAfter(1));
  const auto ordered = [](SaveRequest* request) { request->plan = PlanChoice::kOrdered; };
  CHECK(SaveSync({JobOf(ordered)}).empty());
  script.always["SyncDirectory"] = ENOTTY;
  CHECK(SaveSync({JobOf()}).empty());
  script.always["SyncDirectory"] = EIO;
  CHECK(SaveSync({JobOf()}).empty());
  CHECK(SaveSync({JobOf()}).empty());
}

TEST("does not count a sync without a new file") {
  Decision decision = LearningAfter(1);
  decision.plans[0].protocol = Protocol::kSingleCommit;
  TheScheduler().ProvidePlan(kFilesystem, 0, decision);
  for (int i = 0; i < 3; ++i) CHECK(SaveSync({JobOf()}).empty());
  CHECK(script.TimesCalled("SyncDirectory") == 3);
  const auto forced = [](SaveRequest* request) { request->plan = PlanChoice::kSyncRenameSyncDurable; };
  CHECK(SaveSync({JobOf(), JobOf(forced)}).empty());
  CHECK(SaveSync({JobOf()}).at(0).syncs == 1);
}

TEST("does not count a sync of a file that may have been committed before") {
  TheScheduler().ProvidePlan(kFilesystem, 0, LearningAfter(1));
  StreamingSaves streaming(&TheScheduler(), &ThePool());
  const std::shared_ptr<SaveJob> streamed = JobOf();
  PlanRequest needed;
  CHECK(streaming.Open(streamed, true, &needed) == SaveJob::Prepared::kReady);
  CHECK(SaveSync({streamed}).empty());
  const std::shared_ptr<SaveJob> adopting = JobOf();
  adopting->Adopt(std::make_shared<TemporaryFile>(
      std::make_shared<Directory>(), indelible::platform::Identity(), indelible::TemporaryKind::kAny));
  CHECK(SaveSync({adopting}).empty());
  CHECK(script.TimesCalled("SyncDirectory") == 2);
  CHECK(SaveSync({JobOf()}).empty());
  CHECK(SaveSync({JobOf()}).at(0).syncs == 1);
}

TEST("continues a suspended save when its plan is provided") {
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

TEST("continues suspended saves with the default plan if there is none, and only those of that filesystem") {
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

TEST("returns the plan requests of suspended saves that a synchronous save has to wait for") {
  script.threads = true;
  TheScheduler().ProvidePlan(kOther, 0, Decision::Default());
  // These saves occupy every slot while they wait for a plan. The next save waits for a slot.
  constexpr size_t kSlots = 256;
  for (size_t i = 0; i < kSlots; ++i) TheScheduler().Submit(JobFor("/directory/" + std::to_string(i)));
  TheScheduler().Submit(JobFor("/other/file"));
  std::vector<PlanRequest> needed = SaveSync({JobFor("/other/file")});
  CHECK(needed.size() == 1 && needed[0].filesystem == kFilesystem && needed[0].directory == "/directory");
  for (; !needed.empty(); needed = SaveSync({JobFor("/other/file")}))
    TheScheduler().ProvidePlan(kFilesystem, needed[0].generation, Decision::Default());
  for (const SaveOutcome& outcome : TheListener()->Outcomes(1)) CHECK(outcome.published);
}

TEST("does not return the plan requests of suspended saves that a synchronous save need not wait for") {
  script.threads = true;
  TheScheduler().ProvidePlan(kOther, 0, Decision::Default());
  TheScheduler().Submit(JobOf());
  TheListener()->NextRequest();
  CHECK(SaveSync({JobFor("/other/file")}).empty());
}

TEST("does not suspend a cancelled save") {
  script.threads = true;
  const std::shared_ptr<SaveJob> job = JobOf();
  TheScheduler().Submit(job);
  TheListener()->NextRequest();
  job->Cancel();
  TheScheduler().ResumeAll(TheListener().get());
  CHECK(TheListener()->Outcomes(1).at(0).status.error() == ECANCELED);
}

TEST("cancels a save until its rename begins, and says whether it will publish nothing") {
  for (const char* call : {"CreateFile", "Write", "SyncBarrier", "Rename", "SyncDirectory"}) {
    script = {};
    TheScheduler().ProvidePlan(kFilesystem, 0, Decision::Default());
    const std::shared_ptr<SaveJob> job = JobOf();
    bool cancelled = false;
    bool called = false;
    script.meanwhile[call] = [&] {
      called = true;
      cancelled = job->Cancel();
    };
    CHECK(SaveSync({job}).empty());
    CHECK(called && job->outcome().published == !cancelled);
    CHECK(script.Called("Rename") == !cancelled);
    const bool in_time = strcmp(call, "Rename") != 0 && strcmp(call, "SyncDirectory") != 0;
    CHECK(cancelled == in_time);
    CHECK(job->outcome().status.error() == (in_time ? ECANCELED : 0));
    CHECK(job->Cancel() == in_time);
  }
}

TEST("does not count a save as published that was cancelled before a later one was published in its place") {
  TheScheduler().ProvidePlan(kFilesystem, 0, Decision::Default());
  const std::vector<std::shared_ptr<SaveJob>> jobs{JobOf(), JobOf()};
  bool cancelled = false;
  // That of the later one.
  script.meanwhile["Rename"] = [&] { cancelled = jobs[0]->Cancel(); };
  CHECK(SaveSync(jobs).empty());
  CHECK(cancelled && script.TimesCalled("Rename") == 1);
  CHECK(!jobs[0]->outcome().published && jobs[0]->outcome().status.error() == ECANCELED);
  CHECK(jobs[1]->outcome().published);
}

TEST("fails a save that is withdrawn before it has begun, although none of those before it ends") {
  script.threads = true;
  // Those that have a slot wait for their plan.
  std::vector<std::shared_ptr<SaveJob>> jobs;
  for (int i = 0; i < 5; ++i) {
    jobs.push_back(JobOf([i](SaveRequest* request) {
      request->path = "/directory/" + std::to_string(i);
      request->size = size_t{2} << 20;
    }));
    TheScheduler().Submit(jobs.back());
  }
  TheListener()->NextRequest();
  CHECK(jobs[4]->Cancel());
  TheScheduler().Withdraw(*jobs[4]);
  CHECK(TheListener()->Outcomes(1).at(0).status.error() == ECANCELED);
  CHECK(!jobs[0]->outcome().published && jobs[4]->outcome().status.error() == ECANCELED);
}

TEST("does not let the later saves to a path wait for one that was withdrawn") {
  script.threads = true;
  const std::shared_ptr<SaveJob> job = JobOf();
  TheScheduler().Submit(job);
  TheListener()->NextRequest();
  // It stays suspended.
  TheScheduler().plans().Provide(kFilesystem, 0, Decision::Default());
  CHECK(!SaveSync({JobOf()}).empty());
  CHECK(job->Cancel());
  TheScheduler().Withdraw(*job);
  CHECK(SaveSync({JobOf()}).empty());
  TheScheduler().ResumeAll(TheListener().get());
  CHECK(TheListener()->Outcomes(1).at(0).status.error() == ECANCELED);
  CHECK(script.TimesCalled("Rename") == 1);
}

TEST("gives the saves to a place that holds one up slots of their own, and few threads") {
  Slots slots;
  Workers workers;
  ScheduledSaves back;
  for (int i = 0; i < 300; ++i)
    slots.Enqueue(std::make_shared<ScheduledSave>(JobFor("/hung/" + std::to_string(i))));
  ScheduledSaves taken;
  while (std::shared_ptr<ScheduledSave> save = slots.Take()) {
    workers.Enqueue(save);
    taken.push_back(std::move(save));
  }
  const auto local = std::make_shared<ScheduledSave>(JobFor("/local/file"));
  slots.Enqueue(local);
  CHECK(taken.size() < 300 && slots.HasWaiting());
  // None has begun.
  CHECK(!slots.FindHeldUp(&workers, &back) && slots.Take() == nullptr);
  const std::shared_ptr<ScheduledSave> first = workers.Next(workers.Add());
  first->begin -= 2 * ThreadPool::kHeldUp;
  std::this_thread::sleep_for(ThreadPool::kHeldUp);
  CHECK(slots.FindHeldUp(&workers, &back) && back.size() == taken.size() - 1 && workers.empty());
  CHECK(slots.Take() == local && !slots.HasWaiting());
  size_t started = 1;
  while (slots.Take() != nullptr) ++started;
  CHECK(started == ThreadPool::kMostHeldUp);
  // A save that leaves its thread, or ends, lets another one start.
  CHECK(slots.LeaveThread(first.get()) && slots.Take() != nullptr && slots.Take() == nullptr);
  slots.Release(first.get());
  CHECK(slots.Take() == nullptr);
  CHECK(slots.taken() == ThreadPool::kMostHeldUp + 1);
}

TEST("holds up by one directory all that are known to be on its filesystem, and no other") {
  Slots slots;
  Workers workers;
  ScheduledSaves back;
  for (const char* path : {"/hung/1/file", "/hung/2/file"}) slots.Learn(path, kOther, false);
  slots.Learn("/local/file", kFilesystem, false);
  const auto first = std::make_shared<ScheduledSave>(JobFor("/hung/1/file"));
  slots.Enqueue(first);
  CHECK(slots.Take() == first);
  first->begin = std::chrono::steady_clock::now() - 2 * ThreadPool::kHeldUp;
  CHECK(slots.FindHeldUp(&workers, &back));
  for (size_t i = 0; i < 2 * ThreadPool::kMostHeldUp; ++i) {
    slots.Enqueue(std::make_shared<ScheduledSave>(JobFor("/hung/2/" + std::to_string(i))));
    slots.Enqueue(std::make_shared<ScheduledSave>(JobFor("/local/" + std::to_string(i))));
  }
  size_t hung = 1;
  size_t local = 0;
  while (const std::shared_ptr<ScheduledSave> save = slots.Take())
    ++(save->job->request().path.compare(0, 6, "/hung/") == 0 ? hung : local);
  CHECK(hung == ThreadPool::kMostHeldUp && local == 2 * ThreadPool::kMostHeldUp);
}

TEST("runs the work of other places while one holds up threads, and not all of its own") {
  script.threads = true;
  constexpr size_t kTasks = 100;
  auto* const pool = new ThreadPool(4);
  std::mutex mutex;
  std::condition_variable changed;
  size_t begun = 0;
  size_t ended = 0;
  bool answers = false;
  bool other = false;
  for (size_t i = 0; i < kTasks; ++i) {
    indelible::Task task = [&] {
      std::unique_lock<std::mutex> lock(mutex);
      ++begun;
      changed.wait(lock, [&] { return answers; });
      ++ended;
      changed.notify_all();
    };
    CHECK(pool->Post(&task, "hung"));
  }
  indelible::Task task = [&] {
    const std::lock_guard<std::mutex> lock(mutex);
    other = true;
    changed.notify_all();
  };
  CHECK(pool->Post(&task, "local"));
  std::unique_lock<std::mutex> lock(mutex);
  changed.wait(lock, [&] { return other; });
  CHECK(begun >= ThreadPool::kMostHeldUp && begun < kTasks && ended == 0);
  answers = true;
  changed.notify_all();
  changed.wait(lock, [&] { return ended == kTasks; });
}

TEST("opens a streaming save again when its plan is provided, and reports its length") {
  StreamingSaves streaming(&TheScheduler(), &ThePool());
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
  CHECK(SaveSync({job}).empty());
  CHECK(job->outcome().status.ok() && job->outcome().bytes == 10);
}

TEST("looks up the length of an adopted file before it is published") {
  TheScheduler().ProvidePlan(kFilesystem, 0, Decision::Default());
  const auto file = std::make_shared<TemporaryFile>(
      std::make_shared<Directory>(), indelible::platform::Identity(), indelible::TemporaryKind::kAny);
  const std::shared_ptr<SaveJob> job = JobOf();
  job->Adopt(file);
  CHECK(SaveSync({job}).empty());
  CHECK(job->outcome().status.ok() && job->outcome().bytes == 11);
  CHECK(script.IndexOf("ReadVersion") < script.IndexOf("Rename"));
}

using indelible::TicketSearch;
using Ticket = std::optional<uint64_t>;
constexpr std::chrono::microseconds kNoPatience(0);
constexpr std::chrono::microseconds kPatience(400);

TEST("draws a ticket behind the highest lock, under a lock on the directory that it releases") {
  script.locks = {10, 15, 200};
  Ticket ticket;
  TicketSearch search = {10, 10};
  CHECK(indelible::DrawTicket(Directory(), 100, kPatience, &search, &ticket).ok());
  CHECK(ticket == Ticket(16));
  CHECK(script.IndexOf("TryLockDirectory") < script.IndexOf("AddLock 16"));
  CHECK(script.Called("AddLock 16") &&
        script.TimesCalled("TryLockDirectory") == script.TimesCalled("UnlockDirectory"));
  CHECK(script.calls.back() == "UnlockDirectory");
}

TEST("looks once at a directory without other tickets") {
  Ticket ticket;
  TicketSearch search = {10, 10};
  CHECK(indelible::DrawTicket(Directory(), 100, kNoPatience, &search, &ticket).ok());
  CHECK(ticket == Ticket(10) && script.TimesCalled("FindLock") == 1);
}

TEST("draws a ticket behind 16,000 locks with few looks, and looks once while other processes wait") {
  for (const bool lowest : {true, false}) {
    for (const uint64_t gap : {1, 2, 1000}) {
      script = {};
      script.reports_lowest = lowest;
      for (uint64_t i = 0; i < 16000; ++i) script.locks.insert(10 + i * gap);
      const uint64_t end = uint64_t{1} << 38;
      Ticket ticket;
      TicketSearch search = {10, 10};
      // Each call has time for one round only.
      int calls = 0;
      for (; !ticket.has_value() && calls < 100; ++calls) {
        CHECK(indelible::DrawTicket(Directory(), end, kNoPatience, &search, &ticket).ok());
      }
      CHECK(ticket == Ticket(*script.locks.rbegin() + 1));
      CHECK(script.TimesCalled("FindLock") < 100 && calls < 50);
      CHECK(script.TimesCalled("TryLockDirectory") == 2);
    }
  }
}

TEST("draws a ticket on a lock file only if there is none behind it, without a lock on the whole file") {
  Directory file;
  file.lock_file = true;
  Ticket ticket;
  TicketSearch search = {10, 10};
  CHECK(indelible::DrawTicket(file, 100, kNoPatience, &search, &ticket).ok() && ticket == Ticket(10));
  CHECK((script.calls == Calls{"AddLock 10", "FindLock"}));
  script.locks = {12, 15, 200};
  ticket.reset();
  search = {10, 10};
  CHECK(indelible::DrawTicket(file, 100, kPatience, &search, &ticket).ok() && ticket == Ticket(16));
  CHECK(script.Called("RemoveLock 10") && !script.Called("TryLockDirectory"));
}

TEST("looks for another ticket on a lock file if the one that was found is locked meanwhile") {
  Directory file;
  file.lock_file = true;
  Ticket ticket;
  TicketSearch search = {10, 10};
  script.answers["AddLock"] = {EAGAIN};
  CHECK(indelible::DrawTicket(file, 100, kPatience, &search, &ticket).ok() && ticket == Ticket(11));
  script.calls.clear();
  ticket.reset();
  search = {10, 10};
  script.answers["AddLock"] = {ENOLCK};
  CHECK(indelible::DrawTicket(file, 100, kPatience, &search, &ticket).error() == ENOLCK);
  CHECK(!ticket.has_value() && (script.calls == Calls{"AddLock"} || script.TimesCalled("AddLock 10") == 1));
}

void CheckWalk(int error) {
  Directory directory;
  script.answers["OpenWithoutLinks"] = {error};
  CHECK(indelible::OpenTrusted(nullptr, "/one//./two/", &directory).ok());
  CHECK((script.calls == Calls{"OpenWithoutLinks", "EnterDirectory /", "EnterDirectory one",
                               "EnterDirectory two", "OpenDirectory"}));
  CHECK(directory.path == "/one//./two/");
}

TEST("opens a path component by component from then on, if the call that follows no links is missing") {
  CheckWalk(ENOSYS);
  script.calls.clear();
  Directory directory;
  CHECK(indelible::OpenTrusted(nullptr, "/one", &directory).ok());
  CHECK((script.calls == Calls{"EnterDirectory /", "EnterDirectory one", "OpenDirectory"}));
}

TEST("opens a path component by component if a filter forbids the call that follows no links") {
  CheckWalk(EPERM);
  script.calls.clear();
  Directory directory;
  CHECK(indelible::OpenTrusted(nullptr, "/one", &directory).ok());
  CHECK(!script.Called("OpenWithoutLinks"));
}

TEST("opens only the path that has a link component by component") {
  CheckWalk(ELOOP);
  script.calls.clear();
  Directory directory;
  CHECK(indelible::OpenTrusted(nullptr, "/one", &directory).ok());
  CHECK((script.calls == Calls{"OpenWithoutLinks", "OpenDirectory"}));
}

TEST("tries the call that follows no links again if the directory could not be opened otherwise either") {
  Directory directory;
  script.answers["OpenWithoutLinks"] = {EACCES};
  script.answers["EnterDirectory"] = {0, EACCES};
  CHECK(indelible::OpenTrusted(nullptr, "/one", &directory).error() == EACCES);
  CHECK(indelible::OpenTrusted(nullptr, "/one", &directory).ok());
  CHECK(script.TimesCalled("OpenWithoutLinks") == 2);
}

TEST("does not open a path in another way after an error of the disk") {
  for (const int error : {EIO, ENOENT, EMFILE, ESTALE}) {
    Directory directory;
    script.answers["OpenWithoutLinks"] = {error};
    CHECK(indelible::OpenTrusted(nullptr, "/one", &directory).error() == error);
  }
  CHECK(!script.Called("OpenDirectory"));
}

TEST("draws no ticket if the range is full, or another process is drawing one for too long") {
  script.locks = {99};
  Ticket ticket;
  TicketSearch search = {10, 10};
  CHECK(indelible::DrawTicket(Directory(), 100, kPatience, &search, &ticket).ok() && !ticket.has_value());
  CHECK(search.low == 100 && script.TimesCalled("UnlockDirectory") == 1);
  script.always["TryLockDirectory"] = EWOULDBLOCK;
  search = {10, 10};
  CHECK(indelible::DrawTicket(Directory(), 100, kPatience, &search, &ticket).ok() && !ticket.has_value());
  CHECK(script.TimesCalled("TryLockDirectory") > 2 && script.TimesCalled("UnlockDirectory") == 1);
}

TEST("unlocks the directory if drawing a ticket fails, and returns the first error") {
  for (const char* call : {"FindLock", "AddLock"}) {
    script = {};
    script.always[call] = EIO;
    script.always["UnlockDirectory"] = ENOLCK;
    Ticket ticket;
    TicketSearch search = {10, 10};
    CHECK(indelible::DrawTicket(Directory(), 100, kNoPatience, &search, &ticket).error() == EIO);
    CHECK(!ticket.has_value() && script.Called("UnlockDirectory"));
  }
}

TEST("finds a lower ticket that is locked, and retries only as the second") {
  script.locks = {9, 11, 13, 16};
  Ticket ahead;
  CHECK(indelible::FindAhead(Directory(), 10, 15, kPatience, &ahead).ok() && ahead == Ticket(13));
  CHECK(script.TimesCalled("FindLock") == 1);
  CHECK(indelible::FindAhead(Directory(), 10, 14, kPatience, &ahead).ok() && ahead == Ticket(13));
  CHECK(script.TimesCalled("FindLock") == 3);
  CHECK(indelible::FindAhead(Directory(), 10, 11, kPatience, &ahead).ok() && !ahead.has_value());
  script.calls.clear();
  CHECK(indelible::FindAhead(Directory(), 10, 12, kPatience, &ahead).ok() && ahead == Ticket(11));
  CHECK(script.TimesCalled("FindLock") > 4);
}

// The updates whose turn has come.
struct Turns {
  indelible::Task Grant(uint64_t ticket) {
    return [this, ticket] { granted.push_back(ticket); };
  }
  std::vector<uint64_t> granted;
};

TEST("gives the updates of a path their turns in the order in which they joined") {
  indelible::UpdateQueue queue;
  Turns turns;
  CHECK(queue.Join(1, "/one", turns.Grant(1)));
  CHECK(!queue.Join(2, "/one", turns.Grant(2)));
  CHECK(!queue.Join(3, "/one", turns.Grant(3)));
  CHECK(queue.Join(4, "/other", turns.Grant(4)));
  CHECK(turns.granted.empty());
  // An update that gives up while it waits.
  CHECK(queue.Leave(2));
  CHECK(turns.granted.empty());
  CHECK(queue.Leave(1));
  CHECK(turns.granted == std::vector<uint64_t>{3});
  CHECK(queue.HasOwn("/one") && queue.Leave(3) && !queue.HasOwn("/one"));
  CHECK(!queue.Leave(3));
}

TEST("runs at most 64 updates in a directory, and begins the next one when one of them ends") {
  indelible::UpdateQueue queue;
  Turns turns;
  for (uint64_t ticket = 1; ticket <= 64; ++ticket)
    CHECK(queue.Join(ticket, "/a/" + std::to_string(ticket), turns.Grant(ticket)));
  CHECK(!queue.Join(65, "/a/65", turns.Grant(65)));
  CHECK(!queue.Join(66, "/a/66", turns.Grant(66)));
  CHECK(!queue.Join(67, "/a/1", turns.Grant(67)));
  CHECK(queue.Leave(65) && turns.granted.empty());
  // After the one that has waited longer.
  CHECK(queue.Leave(1));
  CHECK(turns.granted == std::vector<uint64_t>{66});
  CHECK(queue.Leave(2));
  CHECK((turns.granted == std::vector<uint64_t>{66, 67}));
}

TEST("runs updates in other directories beside 64 that a server holds up, and at most 192 in all") {
  indelible::UpdateQueue queue;
  Turns turns;
  uint64_t ticket = 0;
  for (const char* directory : {"/a/", "/b/", "/c/"}) {
    for (int i = 0; i < 64; ++i) {
      ++ticket;
      CHECK(queue.Join(ticket, directory + std::to_string(ticket), turns.Grant(ticket)));
    }
  }
  CHECK(!queue.Join(1001, "/a/more", turns.Grant(1001)));
  CHECK(!queue.Join(1002, "/d/one", turns.Grant(1002)));
  CHECK(!queue.Join(1003, "/d/two", turns.Grant(1003)));
  // In all there is a slot for the second one, and in its directory for the third one.
  CHECK(queue.Leave(65));
  CHECK(turns.granted == std::vector<uint64_t>{1002});
  CHECK(queue.Leave(1));
  CHECK((turns.granted == std::vector<uint64_t>{1002, 1001}));
  CHECK(queue.Leave(1002));
  CHECK((turns.granted == std::vector<uint64_t>{1002, 1001, 1003}));
}

TEST("counts how long an update waits, but not while earlier updates of its path hold the lock") {
  constexpr std::chrono::milliseconds kLong(20);
  indelible::UpdateQueue queue;
  Turns turns;
  std::chrono::milliseconds waited(0);
  CHECK(queue.Join(1, "/one", turns.Grant(1)) && !queue.Join(2, "/one", turns.Grant(2)));
  // Another process has the lock.
  std::this_thread::sleep_for(kLong);
  CHECK(queue.Waited(1, &waited) && waited >= kLong);
  CHECK(queue.Waited(2, &waited) && waited >= kLong);
  CHECK(queue.Hold(1, true));
  std::this_thread::sleep_for(2 * kLong);
  CHECK(queue.Waited(2, &waited) && waited >= 3 * kLong);
  const auto before = waited;
  CHECK(queue.Hold(1, false));
  CHECK(queue.Waited(2, &waited) && waited >= kLong && waited <= before - 2 * kLong + kLong);
  const auto counted = waited;
  CHECK(queue.Leave(1));
  CHECK(queue.Waited(2, &waited) && waited >= counted);
  CHECK(!queue.Waited(1, &waited) && !queue.Hold(1, true) && queue.Leave(2));
}

TEST("counts the wait behind an update that gives up without the lock") {
  constexpr std::chrono::milliseconds kLong(20);
  indelible::UpdateQueue queue;
  Turns turns;
  std::chrono::milliseconds waited(0);
  CHECK(queue.Join(1, "/one", turns.Grant(1)) && !queue.Join(2, "/one", turns.Grant(2)));
  std::this_thread::sleep_for(kLong);
  CHECK(queue.Leave(1));
  CHECK(queue.Waited(2, &waited) && waited >= kLong);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 2;
  const auto found = Tests().find(arguments[1]);
  if (found == Tests().end()) return 2;
  script = {};
  found->second();
  // Threads of the pool still use the script, which return would destroy.
  std::_Exit(0);
}
