// Drives the save engine from several threads as several environments would: many saves to few paths in one
// directory (the first argument), of every plan, exclusive and replacing ones, cancelled ones, synchronous
// ones in between. Built with a sanitizer, which reports what it finds. Exits with 0 if every save was
// completed exactly once and every file is one of the contents that were saved.
#include <sys/stat.h>

#include <atomic>
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

#include "../../native/scheduler/save_engine.h"

namespace {

using indelible::Decision;
using indelible::FileSync;
using indelible::FilesystemId;
using indelible::Plan;
using indelible::PlanChoice;
using indelible::SaveEngine;
using indelible::SaveJob;
using indelible::SaveListener;
using indelible::SaveRequest;
using indelible::WorkerPool;

constexpr int kEnvironments = 3;
constexpr int kSaves = 600;
constexpr int kPaths = 7;

std::string ContentOf(int environment, int save) {
  const std::string line = std::to_string(environment) + ":" + std::to_string(save) + "\n";
  std::string content;
  // Some larger than a megabyte, which have places of their own.
  const int lines = save % 97 == 0 ? 200000 : 1 + save % 400;
  for (int i = 0; i < lines; ++i) content += line;
  return content;
}

// One environment: answers the engine's questions on its own thread, as JavaScript does.
class Environment : public SaveListener, public std::enable_shared_from_this<Environment> {
 public:
  Environment(SaveEngine* engine, int number, std::string directory)
      : engine_(engine), number_(number), directory_(std::move(directory)) {}

  void Completed(std::shared_ptr<SaveJob> job) override {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!completed_.insert({job->ticket(), job->outcome().status.ok()}).second) std::abort();
    arrived_.notify_all();
  }

  void Undecided(const FilesystemId& filesystem, const std::string&, uint64_t generation) override {
    std::lock_guard<std::mutex> lock(mutex_);
    questions_.emplace_back(filesystem, generation);
    arrived_.notify_all();
  }

  void Run() {
    for (int save = 0; save < kSaves; ++save) {
      contents_.push_back(ContentOf(number_, save));
      const auto job = std::make_shared<SaveJob>(RequestOf(save), shared_from_this(), save);
      if (save % 50 == 25) {
        while (!engine_->SaveSync({std::make_shared<SaveJob>(RequestOf(save), shared_from_this(), save)}))
          Answer();
        ++synchronous_;
        continue;
      }
      engine_->Submit(job);
      if (save % 11 == 0) job->Cancel();
      if (save % 5 == 0) Answer();
    }
    std::unique_lock<std::mutex> lock(mutex_);
    while (completed_.size() + synchronous_ < kSaves) {
      arrived_.wait(lock,
                    [this] { return !questions_.empty() || completed_.size() + synchronous_ == kSaves; });
      lock.unlock();
      Answer();
      lock.lock();
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

  void Answer() {
    std::vector<std::pair<FilesystemId, uint64_t>> questions;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      questions.swap(questions_);
    }
    for (const auto& [filesystem, generation] : questions) {
      Decision decision;
      decision.number = 1;
      for (size_t i = 0; i < decision.plans.size(); ++i) {
        const bool unnamed = i < 2;
        decision.plans[i] =
            Plan{i == 2 ? FileSync::kNone : FileSync::kWriteBack, i != 1 && i != 2 && i != 4, unnamed};
      }
      engine_->Decide(filesystem, generation, decision);
    }
  }

  SaveEngine* const engine_;
  const int number_;
  const std::string directory_;
  // Never reallocated: the engine reads from them.
  std::vector<std::string> contents_ = [] {
    std::vector<std::string> reserved;
    reserved.reserve(kSaves);
    return reserved;
  }();
  size_t synchronous_ = 0;

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::map<uint64_t, bool> completed_;
  std::vector<std::pair<FilesystemId, uint64_t>> questions_;
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
  // Never destroyed, like the process's own: the threads outlive main.
  static auto* pool = new WorkerPool(16);
  static auto* engine = new SaveEngine(pool);
  std::vector<std::thread> threads;
  for (int number = 0; number < kEnvironments; ++number) {
    threads.emplace_back(
        [number, directory] { std::make_shared<Environment>(engine, number, directory)->Run(); });
  }
  for (std::thread& thread : threads) thread.join();
  engine->ShutDown();
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
