package dev.quarry.tool;

import static dev.quarry.tool.ToolRun.put;
import static dev.quarry.tool.ToolRun.quarry;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.segment.Batch;
import dev.quarry.segment.DirectMemory;
import dev.quarry.segment.Disk;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.FileSystemDisk;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SegmentWriter;
import dev.quarry.segment.Slab;
import dev.quarry.segment.StagingBuffers;
import dev.quarry.segment.StoreIdentity;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Xxh3KeyHash;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the segments commands show of compaction, evictions and checkpoints. */
@Tag("slow")
class CompactedStoreTest {

  private static final byte[] KEY = "second".getBytes(StandardCharsets.UTF_8);

  @TempDir private Path directory;
  private Path store;

  /**
   * A store of two segments, and a third as compaction would make it, right before the first two
   * are removed.
   */
  @BeforeEach
  void makeStore() throws IOException {
    store = directory.resolve("store");
    put(store, "first", "the value of the first");
    put(store, "second", "the value of the second");
    try (SegmentWriter writer = writer(9)) {
      ByteBuffer replaced = Batch.allocate(3);
      for (long id : new long[] {1, 2, 77}) {
        Batch.putReplaced(replaced, id);
      }
      writer.batch(RecordFormat.REPLACES, 1, replaced.flip());
      copy(writer, 2, KEY, "the value".getBytes(StandardCharsets.UTF_8));
      ByteBuffer evicted = Batch.allocate(2);
      Batch.putEvicted(evicted, 0x1111222233334444L, 0x5555666677778888L, 99, 1);
      Batch.putEvicted(evicted, 7, 8, 0, 5);
      writer.batch(RecordFormat.EVICTIONS, 1, evicted.flip());
      writer.finish(2);
    }
  }

  private SegmentWriter writer(long id) throws IOException {
    StoreIdentity identity = identity();
    FileHeader header = FileHeader.segment(identity.storeId(), id, 1);
    Xxh3KeyHash hasher = new Xxh3KeyHash(identity.hashSeed());
    return new SegmentWriter(
        new FileSystemDisk(), segment(id), header, hasher, new StagingBuffers(1 << 20));
  }

  /** Copies a put from a slab, as compaction does. */
  private void copy(SegmentWriter writer, long sequence, byte[] key, byte[] value)
      throws IOException {
    StoreIdentity identity = identity();
    FileHeader header = FileHeader.segment(identity.storeId(), 2, sequence);
    Slab slab = new Slab(DirectMemory.allocate(Disk.BLOCK).buffer(), header, memory -> {});
    long ticket = slab.reserve(RecordFormat.length(key.length, value.length));
    slab.write(ticket, RecordFormat.PUT, ByteBuffer.wrap(key), value);
    long[] hash = new long[2];
    new Xxh3KeyHash(identity.hashSeed()).hash(key, hash);
    writer.copy(slab, Slab.position(ticket), hash[0], hash[1]);
  }

  private StoreIdentity identity() throws IOException {
    return StoreIdentity.read(new FileSystemDisk(), new StoreLayout(store));
  }

  private Path segment(long id) {
    return store.resolve(String.format("segments/%010d.seg", id));
  }

  private JsonNode json() throws IOException {
    return new ObjectMapper()
        .readTree(quarry("segments", "ls", store, "--json").mustSucceed().out());
  }

  @Test
  void rowsTellEvictionsAndWhatIsReplaced() {
    List<String> lines = quarry("segments", "ls", store).mustSucceed().lines();

    String replaced = "replaced: by segment 9; opening removes it";
    assertTrue(
        lines.get(1).matches(" 1  segment .* +0.0 % .* +0 +\\d+-\\d+ +- +" + replaced),
        lines.get(1));
    assertTrue(lines.get(2).matches(" 2  segment .* +0 +\\d+-\\d+ +- +" + replaced), lines.get(2));
    assertTrue(lines.get(3).matches(" 9  segment .* 1 +1 +0 +2 +2-2 +1,2,77 +ok"), lines.get(3));
  }

  @Test
  void rowsAsJsonTellTheSame() throws IOException {
    JsonNode rows = json();

    assertEquals("replaced", rows.get(0).get("state").asText());
    assertEquals("by segment 9; opening removes it", rows.get(1).get("note").asText());
    JsonNode row = rows.get(2);
    assertEquals("ok", row.get("state").asText());
    assertEquals(2, row.get("evictions").asLong());
    assertEquals("[1,2,77]", row.get("replaces").toString());
    assertEquals(1, row.get("records").asLong());
  }

  /** Whichever of the two has the higher id. */
  @ParameterizedTest
  @ValueSource(longs = {5, 10})
  void nothingThatWasEvictedIsLive(long id) throws IOException {
    long[] hash = new long[2];
    new Xxh3KeyHash(identity().hashSeed()).hash(KEY, hash);
    try (SegmentWriter writer = writer(id)) {
      ByteBuffer evicted = Batch.allocate(1);
      Batch.putEvicted(evicted, hash[0], hash[1], 39, 2);
      writer.batch(RecordFormat.EVICTIONS, 3, evicted.flip());
      writer.finish(3);
    }

    json().forEach(row -> assertEquals(0, row.get("liveBytes").asLong(), row::toString));
  }

  @Test
  void aDamagedSegmentThatIsReplacedIsStillShownAsDamaged() throws IOException {
    Damage.flip(segment(1), 4096 - 1);

    JsonNode row = json().get(0);

    assertEquals("damaged", row.get("state").asText());
    assertTrue(row.get("note").asText().endsWith("(replaced by segment 9; opening removes it)"));
  }

  /** A list that may be damaged marks nothing as garbage. */
  @Test
  void aSegmentDamagedBeyondProofReplacesNone() throws IOException {
    Damage.flip(segment(9), 4096 - 1);
    Damage.flip(segment(9), 68);

    JsonNode rows = json();

    assertEquals("ok", rows.get(0).get("state").asText());
    assertEquals("damaged", rows.get(2).get("state").asText());
    assertEquals(0, rows.get(2).get("replaces").size());
    assertEquals(2, rows.get(2).get("evictions").asLong());
  }

  @Test
  void whatIsReplacedAndStillThereIsAWarning() {
    List<String> lines = quarry("segments", "verify", store).mustSucceed().lines();

    String replaced = ": replaced by segment 9; opening removes it";
    assertEquals("warning: " + segment(1) + replaced, lines.get(0));
    assertEquals("warning: " + segment(2) + replaced, lines.get(1));
    assertEquals(
        "verified 3 records in 3 files of 12.0 KiB and a checkpoint of 4.00 KiB: all is well,"
            + " 2 warnings",
        lines.get(2));
    assertEquals(3, lines.size());
  }

  @Test
  void damageToARecordThatIsReplacedIsAWarning() throws IOException {
    Damage.flip(segment(2), "the value of the second");

    List<String> lines = quarry("segments", "verify", store).mustSucceed().lines();

    assertTrue(lines.get(2).startsWith("warning: " + segment(2) + " at offset 64: "), lines.get(2));
    assertTrue(lines.get(3).endsWith(": all is well, 3 warnings"), lines.get(3));
  }

  @Test
  void nothingOfWhatIsReplacedIsLive() throws IOException {
    JsonNode rows = json();

    assertEquals(0, rows.get(0).get("liveBytes").asLong());
    assertEquals(0, rows.get(1).get("liveBytes").asLong());
    assertEquals(24 + 6 + 9, rows.get(2).get("liveBytes").asLong());
  }

  @Test
  void aFlippedBitInABatchIsFoundWithFileAndOffset() throws IOException {
    Damage.flip(segment(9), 64 + 24 + 5);

    ToolRun run = quarry("segments", "verify", store);

    assertEquals(1, run.code());
    assertTrue(run.lines().get(2).startsWith(segment(9) + " at offset 64: "), run.out());
    assertTrue(run.out().endsWith(": 1 finding, 2 warnings\n"), run.out());
  }

  @Test
  void aFlippedBitInTheHeaderOfABatchIsFoundWithFileAndOffset() throws IOException {
    long evictions = Damage.find(segment(9), "the value") + 9 + 1;
    Damage.flip(segment(9), evictions + 1);

    ToolRun run = quarry("segments", "verify", store);

    assertEquals(1, run.code());
    assertTrue(run.lines().get(2).startsWith(segment(9) + " at offset " + evictions), run.out());
    String dump = quarry("segments", "dump", store, 9).mustSucceed().out();
    assertTrue(dump.contains("# no record: 88 bytes\n"), dump);
  }

  @Test
  void aDumpOfADamagedBatchSaysSo() throws IOException {
    Damage.flip(segment(9), 64 + 24 + 5);

    String out = quarry("segments", "dump", store, 9).mustSucceed().out();

    assertTrue(
        out.contains("# replaced segments, the checksum of its key and value does not match\n"),
        out);
    assertTrue(out.contains("# replaced segment 2\n"), out);
  }

  @Test
  void aDumpNamesWhatBatchesList() {
    String out = quarry("segments", "dump", store, 9).mustSucceed().out();

    assertTrue(out.contains("# kind: replaced segments 6\n"), out);
    assertTrue(out.contains("# replaced segment 1\n"), out);
    assertTrue(out.contains("# replaced segment 77\n"), out);
    assertTrue(out.contains("# kind: evictions 5\n"), out);
    assertTrue(out.contains("# evicted: hash 55556666777788881111222233334444\n"), out);
    assertTrue(out.contains("# evicted: length 99\n"), out);
    assertTrue(out.contains("# evicted: sequence 5\n"), out);
  }

  @Test
  void aDumpThatEndsWithinABatchTellsHowMuchMoreThereIs() {
    String out =
        quarry("segments", "dump", store, 9, "--offset", 64, "--length", 60).mustSucceed().out();

    assertTrue(out.contains("# replaced segment 2\n"), out);
    assertTrue(out.contains("# 1 more entries\n"), out);
    assertTrue(!out.contains("# replaced segment 77\n"), out);
  }

  @Test
  void openingRemovesWhatIsReplaced() throws IOException {
    assertEquals("the value", quarry("get", store, "second").mustSucceed().out());

    assertTrue(Files.notExists(segment(1)));
    assertTrue(Files.notExists(segment(2)));
  }

  private Path checkpoint() {
    return store.resolve("index/checkpoint");
  }

  /** It costs no more than time. */
  private void assertCheckpointIsDoubted(String damage) {
    List<String> lines = quarry("segments", "verify", store).mustSucceed().lines();
    String warning = lines.get(lines.size() - 2);
    assertTrue(warning.startsWith("warning: " + checkpoint()), damage + ": " + warning);
    assertTrue(
        warning.endsWith("(opening does without the checkpoint, which takes longer)"), warning);
    assertTrue(lines.stream().noneMatch(line -> line.contains("finding")), lines::toString);
  }

  @Test
  void everyByteOfACheckpointIsVerified() throws IOException {
    for (int offset = 0; offset < 4096; offset += 61) {
      Damage.flip(checkpoint(), offset);
      assertCheckpointIsDoubted("offset " + offset);
      Damage.flip(checkpoint(), offset);
    }
    String out = quarry("segments", "verify", store).mustSucceed().out();
    assertTrue(out.endsWith(": all is well, 2 warnings\n"), out);
  }

  @Test
  void aCheckpointThatIsCutOrOfAnotherVersionIsFound() throws IOException {
    Damage.makeNewer(checkpoint());
    assertCheckpointIsDoubted("newer");
    for (int length : new int[] {4000, 60, 0}) {
      Damage.truncate(checkpoint(), length);
      assertCheckpointIsDoubted("length " + length);
    }
  }

  @Test
  void aCheckpointOfAnotherStoreIsFound() throws IOException {
    Path other = directory.resolve("other");
    put(other, "a", "1");
    Files.delete(checkpoint());
    Files.copy(other.resolve("index/checkpoint"), checkpoint());

    assertCheckpointIsDoubted("another store's");
  }

  @Test
  void aCheckpointOfSeveralChunksIsVerified() throws IOException {
    Path large = directory.resolve("large");
    try (BlobStore open = BlobStore.open(large, BlobStoreOptions.cache(1L << 30))) {
      for (int i = 0; i < 100_000; i++) {
        open.put(ByteBuffer.allocate(4).putInt(i).array(), new byte[1]);
      }
    }
    store = large;
    assertTrue(Files.size(checkpoint()) > 2 << 20, () -> "a checkpoint of three chunks");

    assertTrue(quarry("segments", "verify", large).mustSucceed().out().endsWith(": all is well\n"));

    for (long offset : new long[] {70, (1 << 20) - 1, 1 << 20, (2 << 20) + 5}) {
      Damage.flip(checkpoint(), offset);
      assertCheckpointIsDoubted("offset " + offset);
      Damage.flip(checkpoint(), offset);
    }
    Damage.truncate(checkpoint(), 2 << 20);
    assertCheckpointIsDoubted("cut between two chunks");
  }
}
