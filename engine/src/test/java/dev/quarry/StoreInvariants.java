package dev.quarry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.index.Location;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SegmentBytes;
import java.util.HashMap;
import java.util.Map;

/** What must hold in every open store that nobody is writing to. */
final class StoreInvariants {

  private StoreInvariants() {}

  static void check(BlobStore store) {
    KeyDirectory directory = store.directory();
    Map<Integer, Long> live = new HashMap<>();
    directory
        .index()
        .forEach(
            (low, high, location, length, visited) -> {
              assertTrue(
                  directory.bloom().mightContain(low, high), "the bloom filter misses a key");
              Segment segment = store.segments().get(Location.segment(location));
              assertNotNull(segment, "an entry leads to a segment that is gone");
              checkRecord(directory, segment, low, location, length);
              if (!Location.isTombstone(location)) {
                live.merge(segment.id(), length, Long::sum);
              }
            });
    for (Segment segment : store.segments().all()) {
      assertEquals(
          live.getOrDefault(segment.id(), 0L),
          segment.liveBytes(),
          "live bytes of segment " + segment.id());
    }
  }

  private static void checkRecord(
      KeyDirectory directory, Segment segment, long low, long location, long length) {
    SegmentBytes bytes = segment.pin();
    assertNotNull(bytes);
    try {
      int offset = (int) Location.offset(location);
      assertTrue(RecordFormat.isHeader(bytes.head(), offset, segment.salt()));
      assertEquals(length, RecordFormat.length(bytes.head(), offset));
      byte[] key = new byte[RecordFormat.keyLength(bytes.head(), offset)];
      bytes.copyTo(key, offset + RecordFormat.HEADER_LENGTH);
      long[] hash = new long[2];
      directory.hasher().hash(key, hash);
      assertEquals(hash[0], low);
    } finally {
      bytes.unpin();
    }
  }
}
