#include <hdf5.h>

/* Types in the machine's own byte order: macros over variables, which Swift does not see as constants. */
static inline hid_t hdf5_native_int64(void) { return H5T_NATIVE_INT64; }
static inline hid_t hdf5_native_double(void) { return H5T_NATIVE_DOUBLE; }
static inline hid_t hdf5_native_uint32(void) { return H5T_NATIVE_UINT32; }
static inline hid_t hdf5_native_uint16(void) { return H5T_NATIVE_UINT16; }
static inline hid_t hdf5_native_uint8(void) { return H5T_NATIVE_UINT8; }
static inline hid_t hdf5_native_int16(void) { return H5T_NATIVE_INT16; }
static inline hid_t hdf5_c_string(void) { return H5T_C_S1; }
static inline hid_t hdf5_file_creation(void) { return H5P_FILE_CREATE; }
static inline hid_t hdf5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t hdf5_dataset_creation(void) { return H5P_DATASET_CREATE; }

/* Whether a link of a group, counted by name, leads to an object of the same file. */
static inline int hdf5_is_own_link(hid_t group, hsize_t index) {
  H5L_info_t info;
  if (H5Lget_info_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, index, &info, 0) < 0) return 0;
  return info.type == H5L_TYPE_HARD || info.type == H5L_TYPE_SOFT;
}
