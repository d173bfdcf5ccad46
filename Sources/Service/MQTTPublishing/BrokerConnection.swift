import CMosquitto
import Failures
import Glibc

/// Why a broker cannot be reached.
package struct BrokerError: ReportedError, Equatable, Sendable {
  package let reason: String

  package var kind: FailureKind { .unavailable }
  package var description: String { "MQTT broker: \(reason)" }
}

/// One connection to a broker through libmosquitto, from its beginning to its end. Belongs to the publisher's thread.
///
/// Its descriptor is polled by the publisher: the library's own loops use `select`, which knows no descriptor above 1,023.
final class BrokerConnection {
  enum Happening: Equatable {
    case connected
    case over(String)
    case confirmed(Int32)
    case message(topic: String, payload: [UInt8], isRetained: Bool)
  }

  /// So often something has to be heard of each other, seconds.
  private static let keepAlive: Int32 = 10
  /// The longest payload that is looked at, bytes.
  private static let longest: Int32 = 1 << 20
  private static let isLibraryReady = mosquitto_lib_init() == MOSQ_ERR_SUCCESS.rawValue

  private let handle: OpaquePointer
  /// What has happened since it was last asked for.
  private var happenings: [Happening] = []
  /// What the library said last about a failure.
  private var complaint: String?

  /// Begins to connect; whether that worked is told by `connected` or `over`.
  ///
  /// - Parameter usesIPv4: whether only addresses of that kind are tried.
  init(
    _ configuration: BrokerConfiguration, will: String, usesIPv4: Bool
  ) throws(BrokerError) {
    guard Self.isLibraryReady, let made = mosquitto_new(configuration.clientID, true, nil) else {
      throw BrokerError(reason: "there is no memory for a connection")
    }
    handle = made
    listen()
    mosquitto_int_option(handle, MOSQ_OPT_TCP_NODELAY, 1)
    let farewell = Array("offline".utf8)
    mosquitto_will_set(handle, will, Int32(farewell.count), farewell, 1, true)
    try identify(configuration)
    let code = mosquitto_connect_bind_async(
      handle, configuration.host, Int32(configuration.port), Self.keepAlive, usesIPv4 ? "0.0.0.0" : nil)
    if code != MOSQ_ERR_SUCCESS.rawValue { throw BrokerError(reason: reason(code)) }
  }

  deinit { mosquitto_destroy(handle) }

  private func identify(_ configuration: BrokerConfiguration) throws(BrokerError) {
    if configuration.username != nil || configuration.passwordFile != nil {
      let password = try configuration.passwordFile.map { file throws(BrokerError) in try PasswordFile.read(file) }
      // The library takes no password without a name.
      let code = mosquitto_username_pw_set(handle, configuration.username ?? "", password)
      if code != MOSQ_ERR_SUCCESS.rawValue { throw BrokerError(reason: reason(code)) }
    }
    guard let tls = configuration.tls else { return }
    let code = mosquitto_tls_set(
      handle, tls.authority, tls.authority == nil ? "/etc/ssl/certs" : nil, tls.certificate, tls.key, nil)
    if code != MOSQ_ERR_SUCCESS.rawValue {
      throw BrokerError(reason: "the certificates of 'tls' cannot be used: \(reason(code))")
    }
  }

  private func listen() {
    // Kept by the publisher for as long as the library knows it; all of this happens on its thread.
    let this = Unmanaged.passUnretained(self).toOpaque()
    mosquitto_user_data_set(handle, this)
    mosquitto_connect_callback_set(handle) { _, object, code in
      guard let connection = BrokerConnection.from(object) else { return }
      let why = String(cString: mosquitto_connack_string(code))
      connection.happenings.append(code == 0 ? .connected : .over("it refuses: \(why)"))
    }
    mosquitto_disconnect_callback_set(handle) { _, object, code in
      guard let connection = BrokerConnection.from(object) else { return }
      connection.happenings.append(.over(connection.reason(code)))
    }
    mosquitto_publish_callback_set(handle) { _, object, number in
      BrokerConnection.from(object)?.happenings.append(.confirmed(number))
    }
    mosquitto_message_callback_set(handle) { _, object, message in
      guard let message = message?.pointee, let topic = message.topic else { return }
      // Nothing that is looked at is longer.
      if message.payloadlen > BrokerConnection.longest { return }
      let bytes = UnsafeRawBufferPointer(start: message.payload, count: Int(max(0, message.payloadlen)))
      BrokerConnection.from(object)?.happenings.append(
        .message(topic: String(cString: topic), payload: Array(bytes), isRetained: message.retain))
    }
    mosquitto_log_callback_set(handle) { _, object, level, text in
      guard level == MOSQ_LOG_ERR, let text, let connection = BrokerConnection.from(object) else { return }
      connection.complaint = connection.complaint ?? String(cString: text)
    }
  }

  private static func from(_ object: UnsafeMutableRawPointer?) -> BrokerConnection? {
    object.map { Unmanaged<BrokerConnection>.fromOpaque($0).takeUnretainedValue() }
  }

  private func reason(_ code: Int32) -> String {
    let why = errno
    var text =
      code == MOSQ_ERR_ERRNO.rawValue ? String(cString: strerror(why)) : String(cString: mosquitto_strerror(code))
    if text.hasSuffix(".") { text.removeLast() }
    return complaint.map { "\(text) (\($0))" } ?? text
  }

  /// To be polled; nil once it is closed.
  var descriptor: Int32? {
    let descriptor = mosquitto_socket(handle)
    return descriptor >= 0 ? descriptor : nil
  }

  var wantsToWrite: Bool { mosquitto_want_write(handle) }

  /// Does what the descriptor is ready for, and what time asks for; returns what has happened by then.
  func work(canRead: Bool, canWrite: Bool) -> [Happening] {
    var code = MOSQ_ERR_SUCCESS.rawValue
    if canRead { code = mosquitto_loop_read(handle, 1) }
    if canWrite && code == MOSQ_ERR_SUCCESS.rawValue { code = mosquitto_loop_write(handle, 1) }
    if code == MOSQ_ERR_SUCCESS.rawValue { code = mosquitto_loop_misc(handle) }
    if code != MOSQ_ERR_SUCCESS.rawValue { happenings.append(.over(reason(code))) }
    defer { happenings = [] }
    return happenings
  }

  enum Sending: Equatable {
    /// On its way under this number.
    case sent(Int32)
    /// There is no connection.
    case away
    /// No broker would take it.
    case impossible
  }

  /// Hands a message over. Confirmed by the broker where `isConfirmed`, and kept by it where `isRetained`.
  func publish(_ topic: String, _ payload: [UInt8], isConfirmed: Bool, isRetained: Bool) -> Sending {
    var number: Int32 = 0
    let code = mosquitto_publish(
      handle, &number, topic, Int32(clamping: payload.count), payload, isConfirmed ? 1 : 0, isRetained)
    switch code {
    case MOSQ_ERR_SUCCESS.rawValue: return .sent(number)
    case MOSQ_ERR_NO_CONN.rawValue, MOSQ_ERR_CONN_LOST.rawValue, MOSQ_ERR_ERRNO.rawValue: return .away
    default: return .impossible
    }
  }

  func subscribe(_ topic: String) { mosquitto_subscribe(handle, nil, topic, 1) }

  func unsubscribe(_ topic: String) { mosquitto_unsubscribe(handle, nil, topic) }

  /// Takes its leave, so that the last will is not carried out.
  func disconnect() { mosquitto_disconnect(handle) }
}
