extension EventFormat: CaseIterable {
  /// Every format, in the order in which they are told. A new one is a folder and a line here.
  public static let allCases: [EventFormat] = [
    .aedat1, .aedat2, .aedat3, .aedat4,
    .evt2, .evt21, .evt3, .evt4,
    .dat1, .dat2,
    .eventStream,
    .nmnist,
    .csv,
    .npy, .npz, .hdf5,
    .rosbag1, .rosbag2, .mcap,
  ]
}
