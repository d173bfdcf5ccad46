import Testing

@testable import MQTTPublishing

struct HomeTopicsTests {
  @Test func whatIsPutIntoATopicNeitherDividesNorMatchesIt() {
    #expect(HomeTopics.level("a/b+c#d$e") == "a%2Fb%2Bc%23d%24e")
    #expect(HomeTopics.level("kitchen mic-1.left") == "kitchen mic-1.left")
    #expect(HomeTopics.level("a\u{0}b\u{7F}") == "a%00b%7F")
    // No two names become one.
    #expect(HomeTopics.level("a/b") != HomeTopics.level("a%2Fb"))
    #expect(HomeTopics.identifier("a.b/ü") == "a_2Eb_2F_FC")
  }

  @Test func commandsAreKnownByWhereTheyComeAndNothingElseCounts() {
    let table = CommandTable(layout, topics, takesCommands: true)
    func command(_ topic: String, _ word: String, isRetained: Bool = false) -> HomeCommand? {
      table.command(topic, Array(word.utf8), isRetained: isRetained)
    }
    #expect(command("ganglion/den/mic/mute/set", "ON") == .mute(source: "mic", true))
    #expect(command("ganglion/den/eye.1/mute/set", "OFF") == .mute(source: "eye.1", false))
    #expect(command("ganglion/den/mic/two tasks/task/set", "y") == .task(source: "mic", model: "two tasks", "y"))
    #expect(command("homeassistant/status", "online") == .announce)
    // A command that the broker has kept would be carried out again at every connection.
    #expect(command("ganglion/den/mic/mute/set", "ON", isRetained: true) == nil)
    #expect(command("ganglion/den/mic/mute/set", "on") == nil)
    #expect(command("ganglion/den/mic/two tasks/task/set", "z") == nil)
    #expect(command("ganglion/den/mic/digits/task/set", "digits") == nil)
    #expect(command("ganglion/den/other/mute/set", "ON") == nil)
    #expect(command("homeassistant/status", "offline") == nil)
    #expect(table.command("ganglion/den/mic/mute/set", [UInt8](repeating: 79, count: 10_000), isRetained: false) == nil)
    #expect(
      table.subscriptions == [
        "homeassistant/status", "ganglion/den/eye.1/mute/set", "ganglion/den/mic/mute/set",
        "ganglion/den/mic/two tasks/task/set",
      ])
  }

  @Test func whereCommandsAreOffOnlyHomeAssistantsOwnWordIsListenedTo() {
    let table = CommandTable(layout, topics, takesCommands: false)
    #expect(table.subscriptions == ["homeassistant/status"])
    #expect(table.command("ganglion/den/mic/mute/set", Array("ON".utf8), isRetained: false) == nil)
    let silent = HomeTopics(prefix: "p", name: "n", discovery: nil)
    #expect(CommandTable(layout, silent, takesCommands: false).subscriptions == [])
  }
}
