import SocketProtocol
import Testing

@testable import MQTTPublishing

/// Where there is no broker.
struct PublisherWithoutBrokerTests {
  @Test func whereNobodyAnswersThatIsToldAndItCanBeStopped() {
    let notes = Notes()
    let publisher = publisher(1, notes: notes)
    #expect(notes.waits(for: "Connection refused"))
    for number in 1...3 { publisher.publish(.detection(recognition()), sequence: Int64(number)) }
    #expect(publisher.counters.waiting == 3)
    publisher.stop()
    #expect(!publisher.counters.isUp)
  }

  @Test func aPasswordFileThatIsNotThereIsTheReason() {
    let notes = Notes()
    let publisher = publisher(1, notes: notes) { ($0.username, $0.passwordFile) = ("a", "/nowhere/password") }
    #expect(notes.waits(for: "the password file /nowhere/password cannot be opened"))
    publisher.stop()
  }
}
