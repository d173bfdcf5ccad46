/// The file formats of event cameras.
public enum EventFormat: String, Sendable, Codable, CaseIterable {
  case aedat1
  case aedat2
  case aedat3
  case aedat4
  case evt2
  case evt21
  case evt3
  case evt4
  case dat1
  case dat2
  case eventStream = "es"
  case nmnist
  case csv
  case npy
  case npz
  case hdf5
  case rosbag1
  case rosbag2
  case mcap

  /// How people call it.
  public var title: String {
    switch self {
    case .aedat1: "AEDAT 1.0"
    case .aedat2: "AEDAT 2.0"
    case .aedat3: "AEDAT 3.1"
    case .aedat4: "AEDAT 4.0"
    case .evt2: "Prophesee EVT 2.0"
    case .evt21: "Prophesee EVT 2.1"
    case .evt3: "Prophesee EVT 3.0"
    case .evt4: "Prophesee EVT 4.0"
    case .dat1: "Prophesee DAT 1"
    case .dat2: "Prophesee DAT 2"
    case .eventStream: "Event Stream"
    case .nmnist: "N-MNIST"
    case .csv: "CSV"
    case .npy: "NPY"
    case .npz: "NPZ"
    case .hdf5: "HDF5"
    case .rosbag1: "ROS 1 bag"
    case .rosbag2: "ROS 2 bag"
    case .mcap: "MCAP"
    }
  }

  /// Whether reading can begin only when all of a recording is there: what comes from a pipe waits in a temporary file,
  /// and what is live has no end to wait for.
  public var isReadWhole: Bool { self == .npz || self == .hdf5 || self == .rosbag2 }
}
