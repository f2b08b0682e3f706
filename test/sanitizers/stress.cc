// Drives the scheduler from several threads, as several environments do: many saves to few paths in one
// directory (the first argument), with every plan, exclusive and replacing, cancelled, streaming,
// synchronous, and made at once. Decisions are lost again and again, and some plan requests get no answer. At
// the end the scheduler shuts down during saves. Built with a sanitizer, which reports what it finds. Exits
// with 0 if every save was completed exactly once and every file has one of the contents that were saved.
#include <sys/stat.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "../../native/scheduler/scheduler.h"
#include "../../native/scheduler/streaming_saves.h"

namespace {

using indelible::Decision;
using indelible::Plan;
using indelible::PlanChoice;
using indelible::PlanRequest;
using indelible::Protocol;
using indelible::SaveJob;
using indelible::SaveListener;
using indelible::SaveRequest;
using indelible::Scheduler;
using indelible::StreamingSaves;
using indelible::ThreadPool;

constexpr int kEnvironments = 3;
constexpr int kSaves = 600;
constexpr int kPaths = 7;

std::string ContentOf(int environment, int save) {
  const std::string line = std::to_string(environment) + ":" + std::to_string(save) + "\n";
  std::string content;
  // Some are larger than a megabyte, which have slots of their own.
  const int lines = save % 97 == 0 ? 200000 : 1 + save % 400;
  for (int i = 0; i < lines; ++i) content += line;
  return content;
}

Decision DecisionOf(int learns_after) {
  Decision decision = Decision::Default();
  for (size_t i = 0; i < decision.plans.size(); ++i) {
    Plan& plan = decision.plans[i];
    if (plan.protocol != Protocol::kRename) plan.protocol = Protocol::kSingleCommit;
    plan.unnamed = i < 2;
    // As in memory, where only a few saves run at a time.
    plan.in_memory = true;
  }
  decision.learns_after = static_cast<uint32_t>(learns_after);
  return decision;
}

// One environment. It answers plan requests on its own thread, as JavaScript does.
class Environment : public SaveListener, public std::enable_shared_from_this<Environment> {
 public:
  Environment(Scheduler* scheduler, StreamingSaves* streaming, int number, std::string directory)
      : scheduler_(scheduler), streaming_(streaming), number_(number), directory_(std::move(directory)) {}

  void Completed(std::shared_ptr<SaveJob> job, bool) override {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!completed_.insert({job->ticket(), job->outcome().status.ok()}).second) std::abort();
    arrived_.notify_all();
  }

  void Notify() override {}

  void NeedsPlan(const PlanRequest& request) override {
    std::lock_guard<std::mutex> lock(mutex_);
    needed_.push_back(request);
    arrived_.notify_all();
  }

  void Run() {
    for (int save = 0; save < kSaves; ++save) {
      Start(save);
      if (save % 5 == 0) Answer();
    }
    std::unique_lock<std::mutex> lock(mutex_);
    while (completed_.size() + over_ < kSaves) {
      arrived_.wait(lock, [this] { return !needed_.empty() || completed_.size() + over_ == kSaves; });
      lock.unlock();
      Answer();
      lock.lock();
    }
  }

  // Leaves its saves to the shutdown: some started, some not, some streaming.
  void RunIntoTheEnd() {
    for (int save = 0; save < kSaves / 4; ++save) {
      contents_.push_back(ContentOf(number_, save));
      const auto job = std::make_shared<SaveJob>(RequestOf(save), shared_from_this(), save);
      if (save % 9 != 4) {
        scheduler_->Submit(job);
      } else if (Stream(job)) {
        unfinished_.push_back(job);
      }
    }
  }

 private:
  SaveRequest RequestOf(int save) {
    SaveRequest request;
    request.data = reinterpret_cast<const uint8_t*>(contents_.back().data());
    request.size = contents_.back().size();
    request.plan = static_cast<PlanChoice>(save % 5);
    request.exclusive = save % 13 == 0;
    request.timed = save % 2 == 0;
    request.make_directories = save % 3 == 0;
    request.path = directory_ + (save % 3 == 0 ? "/deep/" : "/") + std::to_string(save % kPaths);
    if (!request.exclusive && save % 7 == 0) request.previous = request.path + "~";
    return request;
  }

  void Start(int save) {
    contents_.push_back(ContentOf(number_, save));
    const auto job = std::make_shared<SaveJob>(RequestOf(save), shared_from_this(), save);
    if (save % 50 == 25 || save % 50 == 26) {
      // Together with another save, to a path that other environments save to in the opposite order.
      std::vector<std::shared_ptr<SaveJob>> jobs{job};
      if (save % 50 == 26) {
        const auto other = std::make_shared<SaveJob>(RequestOf(save + number_), shared_from_this(), save);
        jobs.insert(number_ % 2 == 0 ? jobs.begin() : jobs.end(), other);
      }
      for (auto needed = scheduler_->SaveSync(&jobs); !needed.empty(); needed = scheduler_->SaveSync(&jobs)) {
        for (const PlanRequest& request : needed) AnswerOne(request);
      }
      ++over_;
      return;
    }
    if (save % 9 == 4) {
      if (!Stream(job)) {
        streaming_->Abandon(job.get());
        ++over_;
        return;
      }
    }
    if (scheduler_->SaveAtOnce(job)) {
      ++over_;
      return;
    }
    scheduler_->Submit(job);
    if (save % 11 == 0) job->Cancel();
  }

  // False if the save is to be abandoned.
  bool Stream(const std::shared_ptr<SaveJob>& job) {
    PlanRequest needed;
    SaveJob::Prepared opened = streaming_->Open(job, false, &needed);
    for (; opened == SaveJob::Prepared::kNeedsPlan; opened = streaming_->Open(job, false, &needed))
      AnswerOne(needed);
    if (opened == SaveJob::Prepared::kFailed) return false;
    const uint8_t* const data = reinterpret_cast<const uint8_t*>(contents_.back().data());
    const size_t size = contents_.back().size();
    return streaming_->Append(job.get(), data, size / 2).ok() &&
           streaming_->Append(job.get(), data + size / 2, size - size / 2).ok() && job->ticket() % 2 == 0;
  }

  void Answer() {
    std::vector<PlanRequest> needed;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      needed.swap(needed_);
    }
    for (const PlanRequest& request : needed) {
      if (++answers_ % 4 == 0) {
        scheduler_->UseDefaultPlan(request.filesystem);
      } else {
        AnswerOne(request);
      }
    }
  }

  // The decision has to be made again soon. Now and then it is lost at once, as after a change of the mount
  // table.
  void AnswerOne(const PlanRequest& request) {
    const uint64_t lost = ++answers_ % 3 == 0 ? 1 : 0;
    scheduler_->ProvidePlan(request.filesystem, request.generation + lost,
                            DecisionOf(static_cast<int>(request.syncs) + 5));
  }

  Scheduler* const scheduler_;
  StreamingSaves* const streaming_;
  const int number_;
  const std::string directory_;
  int answers_ = 0;
  // Never reallocated, because the scheduler reads from them.
  std::vector<std::string> contents_ = [] {
    std::vector<std::string> reserved;
    reserved.reserve(kSaves);
    return reserved;
  }();
  // Streaming saves that are not finished before the shutdown.
  std::vector<std::shared_ptr<SaveJob>> unfinished_;
  // The number of saves that the listener is not called for.
  size_t over_ = 0;

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::map<uint64_t, bool> completed_;
  std::vector<PlanRequest> needed_;
};

bool IsWhole(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  const std::string content = text.str();
  int environment = 0;
  int save = 0;
  return std::sscanf(content.c_str(), "%d:%d", &environment, &save) == 2 &&
         content == ContentOf(environment, save);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 2;
  const std::string directory = arguments[1];
  // Never destroyed, like those of the process: the threads outlive main.
  static auto* pool = new ThreadPool(16);
  static auto* scheduler = new Scheduler(pool);
  static auto* streaming = new StreamingSaves(scheduler, pool);
  std::vector<std::thread> threads;
  std::vector<std::shared_ptr<Environment>> environments;
  for (int number = 0; number < 2 * kEnvironments; ++number) {
    environments.push_back(std::make_shared<Environment>(scheduler, streaming, number, directory));
  }
  for (int number = 0; number < kEnvironments; ++number)
    threads.emplace_back([&, number] { environments[number]->Run(); });
  for (std::thread& thread : threads) thread.join();
  threads.clear();
  for (int number = kEnvironments; number < 2 * kEnvironments; ++number)
    threads.emplace_back([&, number] { environments[number]->RunIntoTheEnd(); });
  // By then some saves are completed, some running, some not started.
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(5);
  scheduler->ShutDown(deadline);
  streaming->ShutDown(deadline);
  for (std::thread& thread : threads) thread.join();
  for (int path = 0; path < kPaths; ++path) {
    for (const char* folder : {"/", "/deep/"}) {
      const std::string file = directory + folder + std::to_string(path);
      if (!IsWhole(file)) {
        std::fprintf(stderr, "torn or missing: %s\n", file.c_str());
        return 1;
      }
    }
  }
  return 0;
}
