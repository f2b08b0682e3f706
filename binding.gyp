{
  "targets": [
    {
      "target_name": "indelible",
      "sources": [
        "native/binding/arguments.cc",
        "native/binding/environment.cc",
        "native/binding/handles.cc",
        "native/binding/module.cc",
        "native/binding/process.cc",
        "native/binding/save_entries.cc",
        "native/binding/system_calls.cc",
        "native/binding/wire.cc",
        "native/binding/wire_values.cc",
        "native/save/access_list.cc",
        "native/save/content_copy.cc",
        "native/save/links.cc",
        "native/save/lock_file.cc",
        "native/save/optional_calls.cc",
        "native/save/pinned_version.cc",
        "native/save/plan_cache.cc",
        "native/save/previous_version.cc",
        "native/save/rename_retry.cc",
        "native/save/rights.cc",
        "native/save/save_job.cc",
        "native/save/sync_fallback.cc",
        "native/save/target.cc",
        "native/save/temporary.cc",
        "native/save/temporary_name.cc",
        "native/save/ticket_lock.cc",
        "native/save/unsynced_directories.cc",
        "native/scheduler/commit_leader.cc",
        "native/scheduler/data_syncs.cc",
        "native/scheduler/directory_syncs.cc",
        "native/scheduler/group_sync_choice.cc",
        "native/scheduler/path_queues.cc",
        "native/scheduler/scheduler.cc",
        "native/scheduler/slots.cc",
        "native/scheduler/streaming_saves.cc",
        "native/scheduler/suspended_saves.cc",
        "native/scheduler/thread_pool.cc",
        "native/scheduler/update_queue.cc",
        "native/scheduler/workers.cc"
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      # The last one: no exception can be thrown in a worker that is being terminated (node-addon-api, doc/setup.md).
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS", "NODE_ADDON_API_DISABLE_DEPRECATED", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "conditions": [
        ["OS=='linux'", {
          "sources": [
            "native/platform/posix.cc",
            "native/platform/linux.cc",
            "native/platform/linux_directory_locks.cc",
            "native/platform/linux_directory_sync.cc",
            "native/platform/linux_primitives.cc"
          ],
          "cflags_cc": ["-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-fno-exceptions", "-fvisibility=hidden"],
          "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fno-rtti"],
          # The end of a worker unloads its addons, while idle threads still run their code.
          "ldflags": ["-Wl,-z,nodelete"]
        }],
        ["OS=='mac'", {
          "sources": ["native/platform/posix.cc", "native/platform/macos.cc", "native/platform/macos_primitives.cc", "native/platform/no_directory_locks.cc"],
          "xcode_settings": {
            "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
            "CLANG_CXX_LIBRARY": "libc++",
            "GCC_ENABLE_CPP_EXCEPTIONS": "NO",
            "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
            "MACOSX_DEPLOYMENT_TARGET": "11.0",
            "WARNING_CFLAGS": ["-Wall", "-Wextra", "-Wpedantic"]
          }
        }],
        ["OS=='win'", {
          "sources": ["native/platform/windows.cc", "native/platform/windows_error.cc", "native/platform/windows_path.cc", "native/platform/windows_primitives.cc", "native/platform/no_directory_locks.cc"],
          "defines": ["WIN32_LEAN_AND_MEAN", "NOMINMAX", "UNICODE", "_UNICODE", "_WIN32_WINNT=0x0A00", "_HAS_EXCEPTIONS=0"],
          "libraries": ["-lntdll.lib", "-ladvapi32.lib"],
          "msvs_settings": {
            "VCCLCompilerTool": {
              "AdditionalOptions": ["/std:c++17", "/permissive-", "/utf-8"],
              "ExceptionHandling": 0,
              "WarningLevel": 3
            }
          }
        }]
      ]
    }
  ]
}
