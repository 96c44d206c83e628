// What Swift cannot ask of a processor: stores that go past the caches, and a pause while waiting.

typedef float eight_floats __attribute__((ext_vector_type(8)));

// Writes to an address that is a multiple of 32 bytes.
static inline void stream_eight_floats(float *address, eight_floats values) {
  __builtin_nontemporal_store(values, (eight_floats *)address);
}

// Leaves a core's resources to its other thread while this one waits for a value to change.
static inline void spin_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Makes the streamed values visible to whoever is told of them afterwards.
static inline void finish_streaming(void) {
#if defined(__x86_64__)
  __builtin_ia32_sfence();
#else
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}
