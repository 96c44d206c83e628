#include <cblas.h>
#include <stddef.h>

/* From LAPACK, which OpenBLAS contains and whose C header not every system installs: eigenvalues (ascending) and
   eigenvectors of a symmetric matrix. The last two arguments are the lengths of the strings, as Fortran passes them. */
void dsyevd_(const char *job, const char *triangle, const int *count, double *matrix, const int *leading,
             double *values, double *work, const int *work_count, int *integer_work, const int *integer_work_count,
             int *status, size_t job_length, size_t triangle_length);
