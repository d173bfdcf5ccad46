import Testing

@testable import Daemon

struct SourceStatusTests {
  @Test func violationsOfAllOpeningsAddUp() {
    let status = SourceStatus(now: 0)
    for count in [3, 2, 4] as [Int64] {
      status.broke(["partial vector": 1])
      status.broke(["partial vector": count, "truncated tail": 1])
      status.reopened()
      #expect(status.snapshot.violations.isEmpty)
    }
    #expect(status.snapshot.earlierViolations == ["partial vector": 9, "truncated tail": 3])
    status.broke(["other": 1])
    status.reopened()
    #expect(status.snapshot.earlierViolations == ["partial vector": 9, "truncated tail": 3, "other": 1])
  }
}
