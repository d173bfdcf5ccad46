import Glibc

/// A file with a password in its first line.
package enum PasswordFile {
  private static let longest = 4_096

  /// The password; what is wrong with the file is told without anything that stands in it.
  package static func read(_ path: String) throws(BrokerError) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw BrokerError(reason: "the password file \(path) cannot be opened: \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: longest)
    let count = Glibc.read(descriptor, &bytes, bytes.count)
    guard count > 0 else { throw BrokerError(reason: "the password file \(path) is empty or cannot be read") }
    let line = bytes[..<count].prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
    guard !line.isEmpty, line.count < longest, let password = String(validating: line, as: UTF8.self) else {
      throw BrokerError(reason: "the first line of the password file \(path) is no password")
    }
    return password
  }

  /// What is wrong with it before anybody connects; nil where nothing is.
  package static func problem(with path: String) -> String? {
    var status = stat()
    guard stat(path, &status) == 0 else { return "is not there" }
    return status.st_mode & S_IROTH != 0 ? "can be read by everybody on this machine" : nil
  }
}
