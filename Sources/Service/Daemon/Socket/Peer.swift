import Glibc

/// Who is at the other end of a Unix socket, as the system knows it from the moment of connecting.
package struct PeerCredentials: Equatable, Sendable {
  package var processID: Int32
  package var userID: UInt32
  package var groupID: UInt32

  package init(processID: Int32, userID: UInt32, groupID: UInt32) {
    self.processID = processID
    self.userID = userID
    self.groupID = groupID
  }

  init?(of descriptor: Int32) {
    // struct ucred needs _GNU_SOURCE, which the importer does not set; it is three 32-bit numbers: pid, uid, gid.
    var numbers: (Int32, UInt32, UInt32) = (0, 0, 0)
    var size = socklen_t(MemoryLayout.size(ofValue: numbers))
    guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &numbers, &size) == 0 else { return nil }
    (processID, userID, groupID) = numbers
  }
}

/// Who may connect, and who may give orders. The daemon's own user and root always may.
package struct PeerPolicy: Equatable, Sendable {
  /// Users and primary groups that may connect; both nil lets in everybody whom the file's mode lets in.
  package var users: Set<UInt32>?
  package var groups: Set<UInt32>?
  /// The daemon's own user.
  package var ownUser: UInt32

  package init(users: Set<UInt32>? = nil, groups: Set<UInt32>? = nil, ownUser: UInt32 = geteuid()) {
    self.users = users
    self.groups = groups
    self.ownUser = ownUser
  }

  package func admits(_ peer: PeerCredentials) -> Bool {
    if users == nil && groups == nil { return true }
    return mayControl(peer) || users?.contains(peer.userID) == true || groups?.contains(peer.groupID) == true
  }

  /// Whether it may ask for a reload.
  package func mayControl(_ peer: PeerCredentials) -> Bool { peer.userID == ownUser || peer.userID == 0 }
}
