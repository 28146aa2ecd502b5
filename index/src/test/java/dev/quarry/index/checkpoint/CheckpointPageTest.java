package dev.quarry.index.checkpoint;

import static dev.quarry.index.checkpoint.TestCheckpoints.LAYOUT;
import static dev.quarry.index.checkpoint.TestCheckpoints.STORE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.index.Location;
import dev.quarry.index.checkpoint.TestCheckpoints.Content;
import dev.quarry.index.checkpoint.TestCheckpoints.Entry;
import dev.quarry.index.sieve.Ghost;
import dev.quarry.index.sieve.GhostImage;
import dev.quarry.segment.FormatPage;
import dev.quarry.segment.FormatPage.Table;
import dev.quarry.segment.HexDump;
import dev.quarry.segment.KeyHash;
import dev.quarry.segment.OneFileDisk;
import dev.quarry.segment.Trailer;
import dev.quarry.segment.Xxh3KeyHash;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * {@code docs/formats/checkpoint.md} shows what the code writes, which is the golden file to the
 * last bit. That file is never changed: a new format version gets a new one beside it.
 */
class CheckpointPageTest {

  private static final KeyHash HASHER = new Xxh3KeyHash(0x0123456789abcdefL);
  private static final long KEPT_OF_HIGH = 0xFFFF_FFFF_0000_00FFL;

  /** The trailer of segment 9 in segment.md. */
  private static final Trailer COVERED = new Trailer(9, 0xf8, 4, 0x72dca7a4, 800, 1005, 4096, 2);

  private static long[] hash(String key) {
    long[] hash = new long[2];
    HASHER.hash(key.getBytes(UTF_8), hash);
    return hash;
  }

  /** One segment, one entry, and a ghost that remembers one key. */
  private static Content content() throws IOException {
    Ghost ghost = new Ghost(1 << 20, () -> 1);
    ghost.add(hash("alpha")[0], hash("alpha")[1], 32);
    ByteBuffer blob = ByteBuffer.allocate((int) ghost.image().bytes());
    ghost.image().writeTo(blob::put);
    CheckpointHead head =
        new CheckpointHead(
            List.of(new CoveredSegment(9, COVERED.fingerprint())), 1001, 1005, blob.flip());
    long[] beta = hash("beta");
    long location = Location.pack(9, 0x98, false);
    return new Content(
        head, List.of(new Entry(beta[0], beta[1] & KEPT_OF_HIGH, location, 40, true)));
  }

  private static byte[] golden() throws IOException {
    try (InputStream file =
        CheckpointPageTest.class.getResourceAsStream("/golden/v1/checkpoint.hex")) {
      return HexDump.parse(new String(Objects.requireNonNull(file).readAllBytes(), UTF_8));
    }
  }

  private static FormatPage page() throws IOException {
    return FormatPage.load("checkpoint.md");
  }

  @Test
  void aCheckpointIsWrittenAsEver() throws IOException {
    HexDump.assertSame(golden(), TestCheckpoints.image(content()), "the checkpoint");
  }

  @Test
  void thePageShowsTheGoldenFile() throws IOException {
    HexDump.assertSame(golden(), page().examples().get(0), "the example in checkpoint.md");
  }

  @Test
  void theGoldenFileIsReadAsThePageSays() throws IOException {
    assertEquals(content(), TestCheckpoints.read(new OneFileDisk(golden())));
    try (Checkpoint checkpoint = Checkpoint.open(new OneFileDisk(golden()), LAYOUT, STORE)) {
      Ghost ghost = GhostImage.read(checkpoint.head().blob(), 1 << 20, () -> 1);
      assertTrue(ghost.contains(hash("alpha")[0], hash("alpha")[1]));
    }
  }

  /** The formula on the page, by other code than the page's subject. */
  @Test
  void theFilterOfTheGhostIsLaidOutAsThePageSays() throws IOException {
    ByteBuffer blob = content().head().blob().order(ByteOrder.LITTLE_ENDIAN);
    int filter = page().tables().get("Ghost").length() + page().tables().get("Generation").length();
    for (int i = 0; i < 8; i++) {
      long bit = (hash("alpha")[0] >>> (6 * i)) & 63;
      assertEquals(1L << bit, blob.getLong(filter + 8 * i), "long " + i);
    }
  }

  @Test
  void tablesHaveTheLengthsOfTheCodeAndNoGaps() throws IOException {
    Map<String, Integer> lengths = new TreeMap<>();
    page().tables().values().forEach(Table::check);
    page().tables().forEach((name, table) -> lengths.put(name, table.length()));
    assertEquals(
        Map.of(
            "Checkpoint head",
            CheckpointFormat.HEAD_END - CheckpointFormat.HAND_OFFSET,
            "Covered segment",
            CheckpointFormat.COVERED_LENGTH,
            "Checkpoint entry",
            CheckpointFormat.ENTRY_LENGTH,
            "Checkpoint trailer",
            CheckpointFormat.TRAILER_LENGTH,
            "Ghost",
            8,
            "Generation",
            32),
        lengths);
  }

  @Test
  void fieldsAreWhereTheTablesSay() throws IOException {
    Map<String, Table> tables = page().tables();
    Table head = tables.get("Checkpoint head");
    assertEquals(CheckpointFormat.HAND_OFFSET, head.offset("where the hand"));
    assertEquals(CheckpointFormat.HIGHEST_SEQUENCE_OFFSET, head.offset("highest sequence"));
    assertEquals(CheckpointFormat.COVERED_OFFSET, head.offset("number of covered"));
    assertEquals(CheckpointFormat.BLOB_LENGTH_OFFSET, head.offset("length of the blob"));
    Table covered = tables.get("Covered segment");
    assertEquals(CheckpointFormat.COVERED_ID_OFFSET, covered.offset("segment id"));
    assertEquals(CheckpointFormat.COVERED_FINGERPRINT_OFFSET, covered.offset("fingerprint"));
    Table entry = tables.get("Checkpoint entry");
    assertEquals(CheckpointFormat.LOW_OFFSET, entry.offset("low half"));
    assertEquals(CheckpointFormat.UPPER_OFFSET, entry.offset("bits 32"));
    assertEquals(CheckpointFormat.LOWEST_OFFSET, entry.offset("bits 0"));
    assertEquals(CheckpointFormat.LOCATION_OFFSET, entry.offset("location"));
    assertEquals(CheckpointFormat.LENGTH_OFFSET, entry.offset("length"));
    Table trailer = tables.get("Checkpoint trailer");
    assertEquals(CheckpointFormat.TRAILER_MAGIC_OFFSET, trailer.offset("magic"));
    assertEquals(CheckpointFormat.ENTRIES_OFFSET, trailer.offset("number of entries"));
    assertEquals(CheckpointFormat.FILE_LENGTH_OFFSET, trailer.offset("length of the file"));
    assertEquals(CheckpointFormat.TRAILER_CHECKSUM_OFFSET, trailer.offset("checksum"));
  }
}
