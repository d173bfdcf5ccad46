#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Natural exponential, in double precision.
func exponential(_ x: Double) -> Double { exp(x) }

/// Natural logarithm, in double precision.
func logarithm(_ x: Double) -> Double { log(x) }
