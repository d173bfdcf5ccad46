import Glibc

/// Natural exponential, in double precision.
func exponential(_ x: Double) -> Double { exp(x) }

/// Natural logarithm, in double precision.
func logarithm(_ x: Double) -> Double { log(x) }
