package dev.quarry;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.BlobStoreOptions.Verification;
import dev.quarry.segment.SimulatedDisk;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which settings are taken, and what is said of those that are not. */
class BlobStoreOptionsTest {

  private static final long MIB = 1 << 20;

  private static String faultsOf(BlobStoreOptions.Builder builder) {
    return assertThrows(IllegalArgumentException.class, builder::build).getMessage();
  }

  private static void assertTaken(UnaryOperator<BlobStoreOptions.Builder> setting) {
    assertDoesNotThrow(() -> setting.apply(BlobStoreOptions.durable().toBuilder()).build());
  }

  private static void assertRefused(String name, UnaryOperator<BlobStoreOptions.Builder> setting) {
    String message = faultsOf(setting.apply(BlobStoreOptions.durable().toBuilder()));
    assertTrue(message.contains(name), message);
    assertFalse(message.contains(";"), () -> "one fault: " + message);
  }

  @Test
  @SuppressWarnings("NullAway") // null is the point here
  void everyFaultIsNamedAtOnce() {
    String message =
        faultsOf(
            BlobStoreOptions.cache(MIB).toBuilder()
                .maxBytes(1)
                .segmentBytes((1 << 20) + 1)
                .slabs(1)
                .maxValueBytes(-1)
                .verification(null)
                .bloomFalsePositiveRate(0.9)
                .expectedKeys(0));
    List<String> settings =
        List.of(
            "maxBytes 1 ",
            "segmentBytes 1048577",
            "slabs 1 ",
            "maxValueBytes -1",
            "verification",
            "bloomFalsePositiveRate 0.9",
            "expectedKeys 0");
    for (String setting : settings) {
      assertTrue(message.contains(setting), () -> setting + " is not in: " + message);
    }
  }

  @Test
  void everySettingIsTakenUpToItsBoundsAndNotBeyond() {
    assertRefused("segmentBytes", b -> b.segmentBytes(32 << 10));
    assertRefused("segmentBytes", b -> b.segmentBytes(0));
    assertRefused("segmentBytes", b -> b.segmentBytes(-4096));
    assertRefused("segmentBytes", b -> b.segmentBytes(smallestSegment() - 4096));
    assertTaken(b -> b.segmentBytes(smallestSegment()));
    assertRefused("segmentBytes", b -> b.segmentBytes((128 << 10) + 512));
    assertTaken(b -> b.segmentBytes(1 << 30));
    assertRefused("segmentBytes", b -> b.segmentBytes((1 << 30) + 4096));
    assertRefused("slabs", b -> b.slabs(1));
    assertTaken(b -> b.slabs(2));
    assertTaken(b -> b.slabs(1024));
    assertRefused("slabs", b -> b.slabs(1025));
    assertTaken(b -> b.maxValueBytes(0));
    assertRefused("maxValueBytes", b -> b.maxValueBytes(-1));
    assertRefused("bloomFalsePositiveRate", b -> b.bloomFalsePositiveRate(0.00009));
    assertTaken(b -> b.bloomFalsePositiveRate(0.0001));
    assertTaken(b -> b.bloomFalsePositiveRate(0.5));
    assertRefused("bloomFalsePositiveRate", b -> b.bloomFalsePositiveRate(0.51));
    assertRefused("bloomFalsePositiveRate", b -> b.bloomFalsePositiveRate(Double.NaN));
    assertTaken(b -> b.expectedKeys(1));
    assertRefused("expectedKeys", b -> b.expectedKeys(0));
    assertRefused("expectedKeys", b -> b.expectedKeys(Long.MAX_VALUE));
    assertRefused("maxBytes", b -> b.maxBytes(1 << 30));
    assertTaken(b -> b.checkpointInterval(Duration.ofDays(365)));
    assertRefused("checkpointInterval", b -> b.checkpointInterval(Duration.ofDays(366)));
    assertRefused(
        "checkpointInterval", b -> b.checkpointInterval(Duration.ofSeconds(Long.MAX_VALUE)));
    assertTaken(b -> b.idleFlush(Duration.ZERO));
    assertTaken(b -> b.idleFlush(Duration.ofMillis(10)));
    assertTaken(b -> b.idleFlush(Duration.ofDays(365)));
    assertRefused("idleFlush", b -> b.idleFlush(Duration.ofMillis(9)));
    assertRefused("idleFlush", b -> b.idleFlush(Duration.ofMillis(-1)));
    assertRefused("idleFlush", b -> b.idleFlush(Duration.ofSeconds(Long.MAX_VALUE)));
  }

  @Test
  void noBoundIsNotABoundOfNothing() {
    for (long bytes : new long[] {0, -1, Long.MIN_VALUE}) {
      assertThrows(IllegalArgumentException.class, () -> BlobStoreOptions.cache(bytes));
      assertThrows(
          IllegalArgumentException.class,
          () -> BlobStoreOptions.cache().toBuilder().maxBytes(bytes).build());
    }
    BlobStoreOptions existing = BlobStoreOptions.cache();
    assertEquals(0, existing.maxBytes());
    assertEquals(0, existing.segmentBytes());
    BlobStoreOptions bound =
        existing.toBuilder().slabs(7).build().toBuilder().maxBytes(MIB).build();
    assertEquals(BlobStoreOptions.cache(MIB).segmentBytes(), bound.segmentBytes());
    assertEquals(7, bound.slabs());
  }

  /** The filter ends at 16 GiB: what is taken here must not fail when the store is opened. */
  @ParameterizedTest
  @ValueSource(doubles = {0.0001, 0.01, 0.5})
  void moreKeysThanTheFilterHoldsAreRefusedBeforeAStoreIsMade(double rate) {
    UnaryOperator<BlobStoreOptions.Builder> tooMany =
        b -> b.bloomFalsePositiveRate(rate).expectedKeys((1L << 36) + 1);
    assertRefused("expectedKeys", tooMany);
    long sixteenGiB = 1L << 37;
    long bitsPerKey = 2; // fewer are not enough for any rate taken
    UnaryOperator<BlobStoreOptions.Builder> most =
        b -> b.bloomFalsePositiveRate(rate).expectedKeys(1L << 36);
    try {
      most.apply(BlobStoreOptions.durable().toBuilder()).build();
    } catch (IllegalArgumentException e) {
      return;
    }
    assertTrue((1L << 36) * bitsPerKey <= sixteenGiB, "a filter of that size cannot be made");
    assertTrue(rate > 0.1, () -> "2^36 keys at a rate of " + rate + " need more than 16 GiB");
  }

  @Test
  void aCacheHoldsAtLeastFourSegments() {
    BlobStoreOptions smallest = BlobStoreOptions.cache(4L * smallestSegment());
    assertEquals(smallestSegment(), smallest.segmentBytes());
    for (long bytes : new long[] {4L * smallestSegment() - 1, 1, 0, -1, Long.MIN_VALUE}) {
      assertTrue(
          assertThrows(IllegalArgumentException.class, () -> BlobStoreOptions.cache(bytes))
              .getMessage()
              .contains("maxBytes " + bytes));
    }
    BlobStoreOptions.Builder tooLarge =
        BlobStoreOptions.cache(127 * MIB).toBuilder().segmentBytes(32 << 20);
    assertTrue(faultsOf(tooLarge).startsWith("maxBytes " + 127 * MIB));
  }

  private static int smallestSegment() {
    return BlobStoreOptions.cache(400_000).segmentBytes();
  }

  @Test
  void aCachesSegmentsAreASixtyFourthOfItOrTheDefault() {
    assertEquals(2 * MIB, BlobStoreOptions.cache(128 * MIB).segmentBytes());
    assertEquals(32 * MIB, BlobStoreOptions.cache(1L << 40).segmentBytes());
    assertEquals(0, BlobStoreOptions.cache(10 * MIB + 12_345).segmentBytes() % 4096);
  }

  @Test
  void aBuilderBeginsWithTheOptionsItCameFromAndLeavesThemAlone() {
    BlobStoreOptions first =
        BlobStoreOptions.cache(1L << 33).toBuilder()
            .segmentBytes(1 << 20)
            .slabs(7)
            .maxValueBytes(99)
            .verification(Verification.NEVER)
            .bloomFalsePositiveRate(0.2)
            .expectedKeys(5)
            .build();
    BlobStoreOptions.Builder builder = first.toBuilder();
    BlobStoreOptions copy = builder.build();
    assertEquals(first.toString(), copy.toString());
    BlobStoreOptions second = builder.maxBytes(1L << 34).slabs(8).build();
    assertEquals(StoreMode.CACHE, second.mode());
    assertEquals(1L << 34, second.maxBytes());
    assertEquals(8, second.slabs());
    assertEquals(1 << 20, second.segmentBytes());
    assertEquals(99, second.maxValueBytes());
    assertEquals(Verification.NEVER, second.verification());
    assertEquals(0.2, second.bloomFalsePositiveRate());
    assertEquals(5, second.expectedKeys());
    assertEquals(1L << 33, first.maxBytes());
    assertEquals(7, first.slabs());
    assertEquals(7, copy.slabs());
  }

  @Test
  void theDefaultsAreThoseOfTheDocumentation() {
    BlobStoreOptions options = BlobStoreOptions.durable();
    assertEquals(StoreMode.DURABLE, options.mode());
    assertEquals(Long.MAX_VALUE, options.maxBytes());
    assertEquals(Integer.MAX_VALUE, options.maxValueBytes());
    assertEquals(Verification.ALWAYS, options.verification());
    assertTrue(options.toString().contains("mode=DURABLE"));
  }

  @Test
  void everythingButTheModeMayDifferFromOneOpeningToTheNext() {
    SimulatedDisk disk = new SimulatedDisk(1);
    for (int i = 0; i < 6; i++) {
      BlobStoreOptions options =
          BlobStoreOptions.durable().toBuilder()
              .segmentBytes((128 << 10) * (1 + i % 3))
              .slabs(2 + i)
              .verification(List.of(Verification.values()).get(i % 3))
              .bloomFalsePositiveRate(0.1 / (i + 1))
              .expectedKeys(1 + 50L * i)
              .build();
      try (BlobStore store = StoreFixture.open(disk, options)) {
        StoreFixture.assertAll(store, 0, i * 30, 8_000);
        StoreFixture.putAll(store, i * 30, (i + 1) * 30, 8_000);
      }
    }
  }
}
