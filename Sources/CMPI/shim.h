#include <mpi.h>

/* What Swift cannot import of MPI: its macros, and handles that are pointers in one implementation and numbers in
   another. Errors are MPI's own affair: its default is to end the job with a message. */

/* The groups of messages, each with an order of its own. */
typedef struct {
  MPI_Comm blocking, first_phase, second_phase;
  int rank, size, size_on_host;
} ranks_group;

typedef struct {
  MPI_Request request;
} ranks_request;

static inline ranks_group ranks_start(void) {
  ranks_group group;
  MPI_Comm host;
  int provided;
  MPI_Init_thread(0, 0, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_dup(MPI_COMM_WORLD, &group.blocking);
  MPI_Comm_dup(MPI_COMM_WORLD, &group.first_phase);
  MPI_Comm_dup(MPI_COMM_WORLD, &group.second_phase);
  MPI_Comm_rank(MPI_COMM_WORLD, &group.rank);
  MPI_Comm_size(MPI_COMM_WORLD, &group.size);
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host);
  MPI_Comm_size(host, &group.size_on_host);
  MPI_Comm_free(&host);
  return group;
}

static inline void ranks_finish(void) { MPI_Finalize(); }

static inline void ranks_abort(int code) { MPI_Abort(MPI_COMM_WORLD, code); }

/* `name` has room for 256 characters, which is MPI_MAX_PROCESSOR_NAME or more everywhere. */
static inline void ranks_host_name(char *name) {
  int length;
  MPI_Get_processor_name(name, &length);
}

static inline void ranks_barrier(MPI_Comm group) { MPI_Barrier(group); }

/* A barrier that is begun, to be waited for with `ranks_test`. */
static inline void ranks_start_barrier(MPI_Comm group, ranks_request *request) {
  MPI_Ibarrier(group, &request->request);
}

static inline void ranks_broadcast(MPI_Comm group, void *bytes, int count, int root) {
  MPI_Bcast(bytes, count, MPI_BYTE, root, group);
}

/* Every rank's `count` floats to every rank. */
static inline void ranks_start_gather(MPI_Comm group, const float *mine, int count, float *all,
                                      ranks_request *request) {
  MPI_Iallgather(mine, count, MPI_FLOAT, all, count, MPI_FLOAT, group, &request->request);
}

/* Every rank's part, of a length of its own, to every rank. */
static inline void ranks_start_gather_parts(MPI_Comm group, const float *mine, int count, float *all, const int *counts,
                                            const int *starts, ranks_request *request) {
  MPI_Iallgatherv(mine, count, MPI_FLOAT, all, counts, starts, MPI_FLOAT, group, &request->request);
}

/* Part k of every rank's floats to rank k. */
static inline void ranks_start_exchange(MPI_Comm group, const float *mine, const int *counts, const int *starts,
                                        float *received, const int *received_counts, const int *received_starts,
                                        ranks_request *request) {
  MPI_Ialltoallv(mine, counts, starts, MPI_FLOAT, received, received_counts, received_starts, MPI_FLOAT, group,
                 &request->request);
}

/* Whether it is done; lets messages move. */
static inline int ranks_test(ranks_request *request) {
  int done;
  MPI_Test(&request->request, &done, MPI_STATUS_IGNORE);
  return done;
}

static inline void ranks_wait(ranks_request *request) { MPI_Wait(&request->request, MPI_STATUS_IGNORE); }
