// MinGW's start-up code calls this to resolve imported variables. The addon imports none. MinGW's own version would link
// a printf for its messages, and for its stack Zig's runtime, which has 12 KB of tables.
void _pei386_runtime_relocator(void) {}
