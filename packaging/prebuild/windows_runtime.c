// MinGW's start-up code calls this to resolve imported variables. Nothing here imports one, and its own version brings a
// printf for its complaints, and Zig's runtime, which is 12 KB of tables, for the stack it takes.
void _pei386_runtime_relocator(void) {}
