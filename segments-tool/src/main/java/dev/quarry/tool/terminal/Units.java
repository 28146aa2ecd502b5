package dev.quarry.tool.terminal;

import java.util.Locale;

/** Figures as people read them, each with its unit. */
public final class Units {

  private static final String[] SIZES = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

  private Units() {}

  /** A number of bytes: {@code 512 B}, {@code 1.50 MiB}. */
  public static String bytes(long bytes) {
    if (Math.abs(bytes) < 1024) {
      return bytes + " B";
    }
    double value = bytes / 1024.0;
    int unit = 0;
    while (Math.abs(value) >= 1024 && unit < SIZES.length - 1) {
      value /= 1024;
      unit++;
    }
    return threeDigits(value) + " " + SIZES[unit];
  }

  /** A number of things: {@code 1,234,567}. */
  public static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  /** A span of time: {@code 12.3 ms}. */
  public static String time(long nanos) {
    if (nanos < 1_000_000) {
      return threeDigits(nanos / 1e3) + " us";
    }
    return nanos < 1_000_000_000
        ? threeDigits(nanos / 1e6) + " ms"
        : threeDigits(nanos / 1e9) + " s";
  }

  /** Bytes over time, in MB/s: millions of bytes a second, as the peers are measured. */
  public static String throughput(long bytes, long nanos) {
    return threeDigits(bytes * 1e3 / Math.max(1, nanos)) + " MB/s";
  }

  /** Things over time: {@code 1,234 puts/s}. */
  public static String rate(long number, long nanos, String things) {
    return count(Math.round(number * 1e9 / Math.max(1, nanos))) + " " + things + "/s";
  }

  /** A quotient, to four digits behind the point. */
  public static String ratio(long dividend, long divisor) {
    return String.format(Locale.ROOT, "%.4f", (double) dividend / Math.max(1, divisor));
  }

  /**
   * A share as a percentage: {@code 12.5 %}.
   *
   * @param digits behind the point
   */
  public static String percent(double share, int digits) {
    return String.format(Locale.ROOT, "%." + digits + "f %%", 100 * share);
  }

  private static String threeDigits(double value) {
    double size = Math.abs(value);
    String format = size < 10 ? "%.2f" : size < 100 ? "%.1f" : "%.0f";
    return String.format(Locale.ROOT, format, value);
  }
}
