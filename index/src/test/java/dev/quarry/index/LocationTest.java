package dev.quarry.index;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LocationTest {

  @Property
  void everyPlaceSurvivesPacking(
      @ForAll @IntRange(min = 1) int segment,
      @ForAll @LongRange(max = Location.MAX_OFFSET / 8) long units,
      @ForAll boolean tombstone) {
    long location = Location.pack(segment, units * 8, tombstone);
    assertTrue(location > Location.NONE);
    assertEquals(segment, Location.segment(location));
    assertEquals(units * 8, Location.offset(location));
    assertEquals(tombstone, Location.isTombstone(location));
  }

  @Test
  void theLastPlaceIsPackedAsDocumented() {
    assertEquals(0x7FFF_FFFF_FFFF_FFFFL, Location.pack(Integer.MAX_VALUE, (1L << 34) - 8, true));
    assertEquals(0x0000_0001_0000_0002L, Location.pack(1, 16, false));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
  void aSegmentIdThatIsNotPositiveIsRefused(int segment) {
    assertThrows(IllegalArgumentException.class, () -> Location.pack(segment, 0, false));
  }

  @ParameterizedTest
  @ValueSource(longs = {-8, 1, 12, 1L << 34, Long.MAX_VALUE})
  void anOffsetThatDoesNotFitIsRefused(long offset) {
    assertThrows(IllegalArgumentException.class, () -> Location.pack(1, offset, false));
  }
}
