package dev.quarry.tool;

import static dev.quarry.tool.ToolRun.put;
import static dev.quarry.tool.ToolRun.quarry;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentsCommandsTest {

  @TempDir private static Path shared;
  @TempDir private Path directory;
  private Path store;

  /** A store with three segments, one from each time it was open. */
  @BeforeAll
  static void makeStore() {
    Path made = shared.resolve("store");
    try (BlobStore open = BlobStore.open(made, BlobStoreOptions.durable())) {
      open.put(bytes("first"), bytes("the value of the first"));
      open.put(bytes("gone"), bytes("a value that is deleted, so that its tombstone is needed"));
    }
    put(made, "second", "the value of the second");
    quarry("rm", made, "gone").mustSucceed();
  }

  @BeforeEach
  void copyStore() throws IOException {
    store = directory.resolve("store");
    Damage.copy(shared.resolve("store"), store);
  }

  @Test
  void everySegmentHasARow() {
    List<String> lines = quarry("segments", "ls", store).mustSucceed().lines();

    assertTrue(lines.get(0).startsWith("id  kind "), lines::toString);
    assertTrue(
        lines.get(1).matches(" 1  segment +4.00 KiB +1.2 % +2 +2 +0 +0 +1-2  -  +ok"),
        lines.get(1));
    assertTrue(
        lines.get(3).matches(" 3  segment +4.00 KiB +0.0 % +1 +0 +1 +0 +\\d+-\\d+  -  +ok"),
        lines.get(3));
    assertEquals(4, lines.size());
  }

  @Test
  void rowsAsJsonHaveEveryFigure() throws IOException {
    JsonNode rows = json();

    assertEquals(3, rows.size());
    JsonNode row = rows.get(2);
    assertEquals(3, row.get("id").asLong());
    assertEquals("segment", row.get("kind").asText());
    assertEquals(segment(3).toString(), row.get("file").asText());
    assertEquals(4096, row.get("fileBytes").asLong());
    assertEquals(0, row.get("liveBytes").asLong());
    assertEquals(24 + 5 + 22, rows.get(0).get("liveBytes").asLong(), "of the first key");
    assertEquals(1, row.get("records").asLong());
    assertEquals(0, row.get("puts").asLong());
    assertEquals(1, row.get("tombstones").asLong());
    assertEquals(0, row.get("evictions").asLong());
    assertEquals(0, row.get("replaces").size());
    assertTrue(row.get("lowestSequence").asLong() <= row.get("highestSequence").asLong());
    assertEquals("ok", row.get("state").asText());
    assertTrue(row.get("note").isNull());
  }

  @Test
  void aSoundStoreVerifies() {
    String out = quarry("segments", "verify", store).mustSucceed().out();

    assertEquals(
        "verified 4 records in 3 files of 12.0 KiB and a checkpoint of 4.00 KiB: all is well\n",
        out);
  }

  @Test
  void aFlippedBitInAValueIsFoundWithFileAndOffset() throws IOException {
    Damage.flip(segment(1), "the value of the first");

    ToolRun run = quarry("segments", "verify", store);

    assertEquals(1, run.code());
    assertTrue(
        run.lines().get(0).startsWith(segment(1) + " at offset 64: the checksum"), run.out());
    assertTrue(run.out().endsWith(": 1 finding\n"), run.out());
    assertEquals("ok", json().get(0).get("state").asText());
  }

  @Test
  void aDamagedRecordHeaderCostsThatRecordOnly() throws IOException {
    Path files = Files.createDirectory(directory.resolve("files"));
    for (String name : List.of("a", "b", "c")) {
      Files.writeString(files.resolve(name), "value of " + name);
    }
    Path other = directory.resolve("other");
    quarry("import", other, files, "--threads", 1).mustSucceed();
    Path segment = other.resolve("segments/0000000001.seg");
    long key = Damage.find(segment, "bvalue of b");
    Damage.flip(segment, key - 4);

    ToolRun run = quarry("segments", "verify", other);

    assertEquals(1, run.code());
    assertEquals(2, run.lines().size(), run.out());
    assertTrue(run.lines().get(0).startsWith(segment + " at offset " + (key - 24)), run.out());
    assertTrue(run.out().contains("verified 2 records"), run.out());
  }

  @Test
  void aTruncatedSegmentIsShownAsDamagedWithWhatIsLeft() throws IOException {
    Damage.truncate(segment(2), 1000);

    JsonNode row = json().get(1);

    assertEquals("damaged", row.get("state").asText());
    assertTrue(row.get("note").asText().contains("at offset 1000"), row.toString());
    assertEquals(1, row.get("records").asLong());
    assertEquals(1, quarry("segments", "verify", store).code());
    quarry("get", store, "second").mustFail(1, segment(2));
  }

  @Test
  void aSegmentCutToNothingIsShownAsDamaged() throws IOException {
    Damage.truncate(segment(1), 0);
    Damage.truncate(segment(2), 30);

    assertEquals("damaged", json().get(0).get("state").asText());
    assertEquals("damaged", json().get(1).get("state").asText());
    assertEquals(1, quarry("segments", "verify", store).code());
    quarry("segments", "dump", store, 1).mustSucceed();
    quarry("segments", "dump", store, 2).mustSucceed();
  }

  @Test
  void aDamagedFooterThatTheRecordsProveIsShown() throws IOException {
    Damage.flip(segment(1), 4096 - 1);

    JsonNode row = json().get(0);

    assertEquals("damaged", row.get("state").asText());
    assertTrue(
        row.get("note").asText().endsWith("(its records prove what it was)"), row.toString());
    assertEquals(2, row.get("puts").asLong());
    assertEquals(1, quarry("segments", "verify", store).code());
  }

  @Test
  void aSegmentOfANewerFormatIsToldFromADamagedOne() throws IOException {
    Damage.makeNewer(segment(1));

    JsonNode row = json().get(0);

    assertEquals("other version", row.get("state").asText());
    assertTrue(row.get("note").asText().contains("version 2 is newer"), row.toString());
    assertFalse(row.has("records"));
    assertEquals("ok", json().get(1).get("state").asText());
    assertEquals(1, quarry("segments", "verify", store).code());
  }

  @Test
  void aSegmentOfAnotherStoreIsShownAsDamaged() throws IOException {
    Path other = directory.resolve("other");
    put(other, "first", "the value of the first");
    Files.copy(
        other.resolve("segments/0000000001.seg"),
        segment(1),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);

    JsonNode row = json().get(0);

    assertEquals("damaged", row.get("state").asText());
    assertTrue(row.get("note").asText().contains("store "), row.toString());
  }

  @Test
  void aStoreWithoutItsStoreFileIsReadAllTheSame() throws IOException {
    Files.delete(store.resolve("STORE"));

    ToolRun list = quarry("segments", "ls", store);
    assertEquals(4, list.lines().size(), list.out());
    assertTrue(list.lines().stream().skip(1).allMatch(line -> line.endsWith("ok")), list.out());
    list.mustFail(0, store.resolve("STORE"));

    ToolRun verify = quarry("segments", "verify", store);
    assertEquals(1, verify.code());
    assertTrue(verify.out().contains("verified 4 records"), verify.out());
  }

  @Test
  void aStoreOfANewerFormatIsReadAllTheSame() throws IOException {
    Damage.makeNewer(store.resolve("STORE"));

    ToolRun verify = quarry("segments", "verify", store);

    assertEquals(1, verify.code());
    assertTrue(verify.lines().get(0).contains("version 2 is newer"), verify.out());
    assertTrue(verify.out().contains("verified 4 records"), verify.out());
  }

  @Test
  void aStoreThatIsOpenIsReadAllTheSame() throws IOException {
    try (BlobStore open = BlobStore.open(store, BlobStoreOptions.durable())) {
      open.put(new byte[] {'k'}, "a value in the log".getBytes(StandardCharsets.UTF_8));

      JsonNode rows = json();
      JsonNode log = rows.get(rows.size() - 1);

      assertEquals("log", log.get("kind").asText());
      assertEquals("ok", log.get("state").asText());
      assertEquals(1, log.get("puts").asLong());
      quarry("segments", "verify", store).mustSucceed();
      long id = log.get("id").asLong();
      String dump = quarry("segments", "dump", store, id).mustSucceed().out();
      assertTrue(dump.contains("value a value in the l"), dump);
    }
  }

  @Test
  void aTornTailOfALogIsNoDamage() throws IOException {
    Path crashed = crashedStore();
    Path log = log(crashed);
    long second = Damage.find(log, "two") - 24 - 1;
    Damage.flip(log, "two");

    JsonNode row = last(json(crashed));

    assertEquals("ok", row.get("state").asText());
    assertTrue(row.get("note").asText().contains("torn tail"), row.toString());
    assertTrue(row.get("note").asText().contains("at offset " + second), row.toString());
    assertEquals(1, row.get("puts").asLong());
    quarry("segments", "verify", crashed).mustSucceed();
    assertEquals(List.of("1", "first", "second"), quarry("ls", crashed).mustSucceed().lines());
  }

  @Test
  void damageToWhatALogHadSyncedIsFound() throws IOException {
    Path crashed = crashedStore();
    Path log = log(crashed);
    long first = Damage.find(log, "one") - 24 - 1;
    Damage.flip(log, "one");

    JsonNode row = last(json(crashed));

    assertEquals("damaged", row.get("state").asText());
    assertTrue(row.get("note").asText().contains(log + " at offset " + first), row.toString());
    assertTrue(row.get("note").asText().contains("synced up to"), row.toString());
    assertEquals(1, quarry("segments", "verify", crashed).code());
    quarry("ls", crashed).mustFail(1, log + " at offset " + first);
  }

  @Test
  void aLogThatEndsBeforeTheNextOneSaysIsDamaged() throws Exception {
    Path crashed = crashedStoreWithTwoLogs();
    List<Path> logs = logs(crashed);
    Damage.truncate(logs.get(0), Files.size(logs.get(0)) - 4096);

    JsonNode rows = json(crashed);
    JsonNode shortened = rows.get(rows.size() - 2);

    assertEquals("damaged", shortened.get("state").asText(), rows.toString());
    assertEquals("ok", last(rows).get("state").asText());
    quarry("ls", crashed).mustFail(1, logs.get(0));
  }

  @Test
  void aDamagedHeaderOfALogWithRecordsIsFound() throws IOException {
    Path crashed = crashedStore();
    Damage.flip(log(crashed), 20);

    JsonNode row = last(json(crashed));

    assertEquals("damaged", row.get("state").asText());
    assertTrue(row.get("note").asText().contains(log(crashed) + " at offset 60"), row.toString());
    quarry("ls", crashed).mustFail(1, log(crashed) + " at offset 60");
  }

  @Test
  void aLogOfANewerFormatIsToldFromATornOne() throws IOException {
    Path crashed = crashedStore();
    Damage.makeNewer(log(crashed));

    assertEquals("other version", last(json(crashed)).get("state").asText());
    assertEquals(1, quarry("segments", "verify", crashed).code());
  }

  @Test
  void aLogThatHasTheHeaderOfAnotherFileAndNoRecordIsDamaged() throws IOException {
    Path log = store.resolve("wal/0000000009.wal");
    byte[] header = Arrays.copyOf(Files.readAllBytes(segment(1)), 64);
    Files.write(log, Arrays.copyOf(header, 4096));

    assertEquals("damaged", last(json()).get("state").asText());
    String expected = log + " at offset 32: segment 9 was expected, found 1";
    var verified = quarry("segments", "verify", store);
    assertEquals(1, verified.code());
    assertTrue(verified.lines().toString().contains(expected), verified.lines()::toString);
    quarry("ls", store).mustFail(1, expected);
  }

  @Test
  void aLogThatHasBecomeASegmentIsShownOnce() throws IOException {
    Files.copy(segment(3), store.resolve("wal/0000000003.wal"));

    JsonNode rows = json();

    assertEquals(3, rows.size());
    assertEquals("segment", rows.get(2).get("kind").asText());
  }

  @Test
  void aDumpNamesEveryField() {
    String out = quarry("segments", "dump", store, 1).mustSucceed().out();

    assertTrue(out.contains("00000000  51 55 41 52 52 59 53 47 "), out);
    assertTrue(out.contains("# magic QUARRYSG\n"), out);
    assertTrue(out.contains("# segment id 1\n"), out);
    assertTrue(out.contains("00000040  33 00 00 00 "), out);
    assertTrue(out.contains("# length 51\n"), out);
    assertTrue(out.contains("# key length 5\n"), out);
    assertTrue(out.contains("# kind: put 1\n"), out);
    assertTrue(out.contains("00000058  66 69 72 73 74 "), out);
    assertTrue(out.contains("# key first\n"), out);
    assertTrue(out.contains("# value the value of the\n"), out);
  }

  @Test
  void aDumpCanBeginAndEndAnywhere() {
    String out =
        quarry("segments", "dump", store, 1, "--offset", 64, "--length", 1).mustSucceed().out();

    assertFalse(out.contains("magic"), out);
    assertTrue(out.contains("# key first\n"), out);
    assertFalse(out.contains("behind the records"), out);
  }

  @Test
  void aDumpOfDamageShowsWhatIsNoRecord() throws IOException {
    Damage.flip(segment(1), 68);

    String out = quarry("segments", "dump", store, 1).mustSucceed().out();

    assertTrue(out.contains("# no record: "), out);
    assertTrue(out.contains("firstthe\n"), out);
  }

  @Test
  void aDumpOfASegmentThatIsNotThereFails() {
    quarry("segments", "dump", store, 77).mustFail(1, "there is no segment or log 77 in " + store);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private JsonNode json() throws IOException {
    return json(store);
  }

  private static JsonNode json(Path store) throws IOException {
    return new ObjectMapper()
        .readTree(quarry("segments", "ls", store, "--json").mustSucceed().out());
  }

  private static JsonNode last(JsonNode rows) {
    return rows.get(rows.size() - 1);
  }

  private Path segment(long id) {
    return store.resolve(String.format("segments/%010d.seg", id));
  }

  /** A copy of the store, taken while a log had two records, each committed by itself. */
  private Path crashedStore() throws IOException {
    Path crashed = directory.resolve("crashed");
    try (BlobStore open = BlobStore.open(store, BlobStoreOptions.durable())) {
      open.put(new byte[] {'1'}, "one".getBytes(StandardCharsets.UTF_8));
      open.put(new byte[] {'2'}, "two".getBytes(StandardCharsets.UTF_8));
      Damage.copy(store, crashed);
    }
    return crashed;
  }

  /**
   * A store as a crash leaves it right before a full log, footer and all, becomes a segment: beside
   * it is the log that follows.
   */
  private Path crashedStoreWithTwoLogs() throws IOException, InterruptedException {
    Path crashed = directory.resolve("crashed");
    BlobStoreOptions options = BlobStoreOptions.durable().toBuilder().segmentBytes(1 << 17).build();
    try (BlobStore open = BlobStore.open(store, options)) {
      for (int i = 0; i < 4; i++) {
        open.put(new byte[] {(byte) i}, new byte[40_000]);
      }
      while (logs(store).size() > 1) {
        Thread.sleep(1);
      }
      Damage.copy(store, crashed);
    }
    long id = Long.parseLong(log(crashed).getFileName().toString().replace(".wal", "")) - 1;
    Files.move(
        crashed.resolve(String.format("segments/%010d.seg", id)),
        crashed.resolve(String.format("wal/%010d.wal", id)));
    return crashed;
  }

  private static Path log(Path store) throws IOException {
    return logs(store).get(0);
  }

  private static List<Path> logs(Path store) throws IOException {
    try (var entries = Files.list(store.resolve("wal"))) {
      return entries.sorted().toList();
    }
  }
}
