import Foundation
import SocketProtocol
import Testing

@testable import MQTTPublishing

/// With a real broker.
@Suite(.serialized, .enabled(if: Mosquitto.isThere, Mosquitto.why))
struct PublisherTests {
  @Test func aDetectionIsToldAndTheDaemonIsThereUntilItGoes() throws {
    let broker = try Mosquitto()
    let ear = try broker.listen()
    let publisher = publisher(broker.port)
    publisher.publish(.health(.init(source: "mic", state: .running)), sequence: 1)
    publisher.publish(.detection(recognition()), sequence: 2)
    #expect(ear.waits { $0.contains("0 ganglion/den/status online") })
    #expect(ear.waits { _ in !ear.payloads("ganglion/den/mic/digits/detection").isEmpty })
    #expect(ear.waits { _ in ear.payloads("homeassistant/device/ganglion_den_source_mic/config").count == 1 })
    #expect(ear.payloads("ganglion/den/mic/state").last?.contains(#""hearing":"ON""#) == true)
    publisher.stop()
    #expect(ear.waits { $0.last == "0 ganglion/den/status offline" })
    #expect(publisher.counters.delivered == 2 && publisher.counters.lost == 0)
    // What the broker keeps is that it is gone, and what there was of devices: no state of anything.
    let later = try broker.listen(["--retained-only"])
    #expect(later.waits { $0.count == 7 })
    #expect(later.heard.filter { !$0.contains("/config ") } == ["1 ganglion/den/status offline"])
  }

  @Test func whatHappensWhileTheBrokerIsAwayIsToldOnceItIsBackOrCounted() throws {
    let broker = try Mosquitto()
    let publisher = publisher(broker.port) { $0.keptMessages = 5 }
    #expect(publisher.waits { $0.isUp })
    publisher.publish(.detection(recognition()), sequence: 1)
    #expect(publisher.waits { $0.delivered == 1 })
    broker.kill()
    #expect(publisher.waits { !$0.isUp })
    for number in 2...9 { publisher.publish(.detection(recognition("two")), sequence: Int64(number)) }
    #expect(publisher.counters.waiting == 5 && publisher.counters.lost == 3)
    try broker.start()
    let ear = try broker.listen()
    #expect(publisher.waits { $0.delivered == 6 && $0.waiting == 0 })
    #expect(publisher.counters.connections == 2)
    publisher.publish(.detection(recognition()), sequence: 10)
    #expect(ear.waits { $0.contains { $0.contains(#""seq":10,"#) } })
    publisher.stop()
  }

  @Test func whatIsMissingIsToldInItsPlace() throws {
    let broker = try Mosquitto()
    let ear = try broker.listen()
    // Without its password it does not connect.
    let publisher = publisher(broker.port) {
      ($0.keptMessages, $0.username, $0.passwordFile) = (2, "den", broker.file("password"))
    }
    for number in 1...5 { publisher.publish(.detection(recognition()), sequence: Int64(number)) }
    try broker.write("any", to: "password")
    #expect(publisher.waits { $0.delivered == 2 })
    #expect(publisher.counters.lost == 3)
    #expect(ear.waits { $0.contains { $0.contains(#""seq":5,"#) } })
    let told = ear.heard.filter { $0.contains("/dropped ") || $0.contains("/detection ") }
    #expect(told.first == #"0 ganglion/den/dropped {"type":"dropped","seq":3,"count":3,"reason":"broker-away"}"#)
    #expect(told.count == 3 && told[1].contains(#""seq":4,"#))
    publisher.stop()
    #expect(ear.waits { _ in ear.payloads("ganglion/den/state").contains { $0.contains(#""lost":3"#) } })
  }

  @Test func commandsComeAndThoseThatTheBrokerHadKeptDoNot() throws {
    let broker = try Mosquitto()
    try broker.publish("ganglion/den/mic/mute/set", "ON", isRetained: true)
    let notes = Notes()
    let publisher = publisher(broker.port, notes: notes)
    let ear = try broker.listen()
    #expect(ear.waits { _ in !ear.payloads("homeassistant/device/ganglion_den/config").isEmpty })
    usleep(300_000)
    try broker.publish("ganglion/den/eye.1/mute/set", "ON")
    try broker.publish("ganglion/den/mic/two tasks/task/set", "y")
    try broker.publish("ganglion/den/mic/two tasks/task/set", "no such task")
    try broker.publish("homeassistant/status", "online")
    #expect(ear.waits { _ in ear.payloads("homeassistant/device/ganglion_den/config").count >= 2 })
    #expect(
      notes.commands.withLock { $0 } == [
        .mute(source: "eye.1", true), .task(source: "mic", model: "two tasks", "y"),
      ])
    publisher.stop()
  }

  @Test func devicesThatAreNoMoreAreTakenBackAlsoThoseOfAnEarlierTime() throws {
    let broker = try Mosquitto()
    let first = publisher(broker.port)
    let ear = try broker.listen()
    let mic = "homeassistant/device/ganglion_den_source_mic/config"
    let eye = "homeassistant/device/ganglion_den_source_eye_2E1/config"
    #expect(ear.waits { _ in ear.payloads(mic).count == 1 && ear.payloads(eye).count == 1 })
    // Another program's announcement is left alone, whatever it is called.
    try broker.publish(
      "homeassistant/device/ganglion_den_other/config", #"{"avty":[{"t":"x"}],"cmps":{}}"#, isRetained: true)
    // One that goes while the daemon runs.
    var smaller = layout
    smaller.sources.removeLast()
    first.announce(smaller)
    #expect(ear.waits { _ in ear.payloads(eye).last == "" })
    first.stop()
    // And one that had gone before it began.
    smaller.sources[0].listeners.removeLast()
    smaller.models = ["digits"]
    let second = publisher(broker.port, smaller)
    #expect(ear.waits { _ in ear.payloads("homeassistant/device/ganglion_den_model_pixels/config").last == "" })
    #expect(ear.waits { _ in ear.payloads(mic).last?.contains(#""detection_two_20tasks":{"p":"event"}"#) == true })
    second.stop()
    let later = try broker.listen(["--retained-only"])
    #expect(later.waits { $0.count == 5 })
    #expect(
      later.heard.compactMap { $0.split(separator: " ").dropFirst().first }.map(String.init).sorted() == [
        "ganglion/den/status", "homeassistant/device/ganglion_den/config",
        "homeassistant/device/ganglion_den_model_digits/config", "homeassistant/device/ganglion_den_other/config", mic,
      ])
  }

  @Test func aPasswordIsReadFromItsFileAndStandsInNoLog() throws {
    let broker = try Mosquitto("allow_anonymous false\npassword_file FOLDER/users", start: false)
    try broker.write("den:hunter-2-secret\n", to: "users")
    let maker = Process()
    maker.executableURL = URL(fileURLWithPath: Mosquitto.find("mosquitto_passwd") ?? "")
    maker.arguments = ["-U", broker.file("users")]
    try maker.run()
    maker.waitUntilExit()
    try broker.start()
    try broker.write("wrong-secret\n", to: "password")
    let notes = Notes()
    let publisher = publisher(broker.port, notes: notes) {
      ($0.username, $0.passwordFile) = ("den", broker.file("password"))
    }
    #expect(notes.waits(for: "it refuses"))
    // It is read again at every connection.
    try broker.write("hunter-2-secret\n", to: "password")
    #expect(publisher.waits { $0.isUp })
    publisher.stop()
    let text = notes.lines.withLock { $0.joined(separator: "\n") }
    #expect(!text.contains("secret"))
    #expect(text.contains("broker broker=127.0.0.1:\(broker.port) state=connected"))
  }

  @Test(.enabled(if: Mosquitto.find("openssl") != nil, "openssl is not installed"))
  func certificatesAreCheckedOnBothSides() throws {
    let broker = try Mosquitto(
      """
      allow_anonymous true
      cafile FOLDER/ca.crt
      certfile FOLDER/broker.crt
      keyfile FOLDER/broker.key
      require_certificate true
      """, start: false)
    let maker = Process()
    maker.executableURL = URL(fileURLWithPath: "/bin/sh")
    maker.currentDirectoryURL = URL(fileURLWithPath: broker.folder)
    maker.arguments = [
      "-ec",
      """
      exec 2>/dev/null
      for ca in ca other; do
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$ca" -keyout $ca.key -out $ca.crt
      done
      for who in broker den; do
        openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$who" -keyout $who.key -out $who.csr
        echo "subjectAltName=IP:127.0.0.1" >san
        openssl x509 -req -in $who.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile san -out $who.crt
      done
      """,
    ]
    try maker.run()
    maker.waitUntilExit()
    #expect(maker.terminationStatus == 0)
    try broker.start()
    let good = BrokerConfiguration.TLS(
      authority: broker.file("ca.crt"), certificate: broker.file("den.crt"), key: broker.file("den.key"))
    let known = publisher(broker.port) { $0.tls = good }
    #expect(known.waits { $0.isUp })
    known.publish(.detection(recognition()), sequence: 1)
    #expect(known.waits { $0.delivered == 1 })
    known.stop()
    // Who vouches for the broker is somebody else; who we are is not said; the certificate is no file.
    for change in [
      { (tls: inout BrokerConfiguration.TLS) in tls.authority = broker.file("other.crt") },
      { (tls: inout BrokerConfiguration.TLS) in (tls.certificate, tls.key) = (nil, nil) },
      { (tls: inout BrokerConfiguration.TLS) in tls.certificate = broker.file("nothing") },
    ] {
      var tls = good
      change(&tls)
      let notes = Notes()
      let stranger = publisher(broker.port, notes: notes) { $0.tls = tls }
      #expect(notes.waits(for: "broker is away"))
      #expect(!stranger.counters.isUp && stranger.counters.connections == 0)
      stranger.stop()
    }
  }
}
