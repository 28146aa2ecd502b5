package dev.quarry.tool;

import static dev.quarry.tool.ToolRun.put;
import static dev.quarry.tool.ToolRun.quarry;
import static dev.quarry.tool.ToolRun.quarryWithInput;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.tool.terminal.Console;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every bad input gets one clear line and its exit code, and harms nothing that is stored. */
class BadInputTest {

  @TempDir Path directory;
  private Path store;

  @BeforeEach
  void nameStore() {
    store = directory.resolve("store");
  }

  @Test
  void anAbsentKeyIsNotFound() {
    put(store, "a", "one");

    quarry("get", store, "b").mustFail(1, "there is no key b in " + store);
  }

  @Test
  void anEmptyKeyIsNotUnderstood() {
    quarry("put", store, "").mustFail(2, "KEY", "the key is empty", "quarry put --help");
    quarry("get", store, "").mustFail(2, "the key is empty");
    quarry("rm", store, "").mustFail(2, "the key is empty");

    assertFalse(Files.exists(store));
  }

  @Test
  void aKeyMayHave65535BytesAndNoMore() {
    quarryWithInput(new byte[] {1}, "put", store, "k".repeat(65_535)).mustSucceed();
    quarry("put", store, "k".repeat(65_536)).mustFail(2, "65536 bytes is over the limit of 65535");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\\", "a\\x", "a\\x4", "a\\xg0", "a\\n"})
  void aBackslashThatBeginsNothingIsNotUnderstood(String key) {
    quarry("get", store, key).mustFail(2, "the backslash at character 2");
  }

  @ParameterizedTest
  @ValueSource(strings = {"get", "rm"})
  void aMissingStoreIsReportedAndNotMade(String command) {
    quarry(command, store, "a").mustFail(1, "there is no store in " + store);

    assertFalse(Files.exists(store));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ls", "stats", "segments ls", "segments verify"})
  void aMissingStoreIsNotListed(String command) {
    List<String> arguments = new java.util.ArrayList<>(List.of(command.split(" ")));
    arguments.add(store.toString());

    quarry(arguments.toArray()).mustFail(1, "there is no store in " + store);

    assertFalse(Files.exists(store));
  }

  @Test
  void aMissingStoreIsNotExported() {
    quarry("export", store, directory.resolve("out")).mustFail(1, "there is no store in " + store);
  }

  @Test
  void aDirectoryOfOtherThingsIsNotAStore() throws IOException {
    Files.createDirectory(store);
    Files.writeString(store.resolve("thesis.txt"), "text");

    quarry("put", store, "a").mustFail(1, store + " is not a store", "thesis.txt");
    quarry("get", store, "a").mustFail(1, "there is no store in " + store);

    assertEquals("text", Files.readString(store.resolve("thesis.txt")));
  }

  @Test
  void aFileIsNotAStore() throws IOException {
    Files.writeString(store, "text");

    quarry("put", store, "a").mustFail(1, store);
    quarry("ls", store).mustFail(1, store);
  }

  @Test
  void aStoreThatIsOpenElsewhereIsLocked() {
    put(store, "a", "one");
    try (BlobStore open = BlobStore.open(store, BlobStoreOptions.durable())) {
      quarry("get", store, "a").mustFail(1, "open elsewhere", store.resolve("LOCK"));
      quarry("put", store, "b").mustFail(1, "open elsewhere");
      assertTrue(open.contains("a".getBytes(StandardCharsets.UTF_8)));
    }
    assertEquals("one", quarry("get", store, "a").mustSucceed().out());
  }

  @Test
  void aStoreOfANewerFormatIsRefused() throws IOException {
    put(store, "a", "one");
    Damage.makeNewer(store.resolve("STORE"));

    quarry("get", store, "a").mustFail(1, store.resolve("STORE"), "version 2 is newer");
    quarry("put", store, "a").mustFail(1, store.resolve("STORE"), "version 2 is newer");
  }

  @Test
  void aSegmentOfANewerFormatIsRefused() throws IOException {
    put(store, "a", "one");
    Damage.makeNewer(segment(1));

    quarry("get", store, "a").mustFail(1, segment(1), "version 2 is newer");
  }

  @Test
  void aDurableStoreIsNoCache() {
    put(store, "a", "one");

    quarry("put", store, "b", "--cache", "1GiB").mustFail(1, store, "DURABLE");

    assertEquals(List.of("a"), quarry("ls", store).mustSucceed().lines());
  }

  @Test
  void aCacheTooSmallForItsSegmentsIsRefused() {
    quarry("put", store, "a", "--cache", "10K").mustFail(1, "maxBytes");
    quarry("put", store, "a", "--cache", "much").mustFail(2, "'much' is not a number of bytes");
  }

  @Test
  void aMissingStoreFileBesideSegmentsIsReported() throws IOException {
    put(store, "a", "one");
    Files.delete(store.resolve("STORE"));

    quarry("get", store, "a").mustFail(1, store.resolve("STORE"), "is missing");
    quarry("put", store, "a").mustFail(1, store.resolve("STORE"), "is missing");
  }

  @Test
  void aFlippedBitInTheStoreFileIsReportedWithItsOffset() throws IOException {
    put(store, "a", "one");
    Damage.flip(store.resolve("STORE"), 20);

    quarry("get", store, "a").mustFail(1, store.resolve("STORE") + " at offset 60");
  }

  @Test
  void aTruncatedSegmentIsReportedWithItsOffset() throws IOException {
    put(store, "a", "one");
    Damage.truncate(segment(1), 1000);

    quarry("get", store, "a").mustFail(1, segment(1) + " at offset 1000");
  }

  @Test
  void aFlippedBitInAValueIsReportedAndTheOthersAreRead() throws IOException {
    quarry("import", store, files("sound", "spoilt")).mustSucceed();
    Damage.flip(segment(1), "spoilt value");

    quarry("get", store, "spoilt").mustFail(1, segment(1) + " at offset ");

    assertEquals("sound value", quarry("get", store, "sound").mustSucceed().out());
  }

  @Test
  void aDamagedValueIsLeftOutOfAnExport() throws IOException {
    quarry("import", store, files("sound", "spoilt")).mustSucceed();
    Damage.flip(segment(1), "spoilt value");
    Path out = directory.resolve("out");

    ToolRun run = quarry("export", store, out);

    run.mustFail(1, "spoilt: not exported", segment(1) + " at offset ");
    assertTrue(run.out().contains("exported 1 files"), run.out());
    assertEquals("sound value", Files.readString(out.resolve("sound")));
    assertFalse(Files.exists(out.resolve("spoilt")));
  }

  @Test
  void aFileToPutThatIsMissingIsReportedAndNoStoreIsMade() {
    Path missing = directory.resolve("missing");

    quarry("put", store, "a", missing).mustFail(1, missing + ": no such file or directory");

    assertFalse(Files.exists(store));
  }

  @Test
  void aDirectoryIsNoValue() {
    quarry("put", store, "a", directory).mustFail(1, directory, "directory");
  }

  @Test
  void aFileOverTwoGibibytesIsNoValue() throws IOException {
    Path huge = directory.resolve("huge");
    try (RandomAccessFile file = new RandomAccessFile(huge.toFile(), "rw")) {
      file.setLength(1L << 31);
    }

    quarry("put", store, "a", huge).mustFail(1, huge, "2147483648 bytes is over the limit");
  }

  @Test
  void commandsAndOptionsThatAreUnknownAreNotUnderstood() {
    quarry().mustFail(2, "a command is missing");
    quarry("frobnicate").mustFail(2, "frobnicate");
    quarry("segments").mustFail(2, "ls, verify and dump");
    quarry("ls").mustFail(2, "STORE");
    quarry("ls", store, "--frobnicate").mustFail(2, "--frobnicate");
    quarry("ls", store, "--limit", "few").mustFail(2, "few");
    quarry("import", store, directory, "--threads", 0).mustFail(2, "--threads");
  }

  @Test
  void stackTracesAreShownOnRequestOnly() {
    ToolRun run = quarry("get", store, "a", "--debug");

    assertTrue(run.error().contains("\tat "), run.error());
    assertEquals(1, run.code());
  }

  @Test
  void aReaderThatStopsEndsACommandQuietly() {
    put(store, "a", "one");
    ByteArrayOutputStream error = new ByteArrayOutputStream();

    assertEquals(0, run(failing("Broken pipe"), error, "ls", store.toString()));
    assertEquals("", error.toString(StandardCharsets.UTF_8));
    assertEquals(0, run(failing("Broken pipe"), error, "get", store.toString(), "a"));
    assertEquals("", error.toString(StandardCharsets.UTF_8));
    assertEquals(0, run(failing("Broken pipe"), error, "--help"));
    assertEquals("", error.toString(StandardCharsets.UTF_8));
  }

  @Test
  void anOutputThatFailsIsAFailure() {
    put(store, "a", "one");
    ByteArrayOutputStream error = new ByteArrayOutputStream();

    assertEquals(1, run(failing("No space left on device"), error, "ls", store.toString()));

    String line =
        "quarry: cannot write to the standard output: no space is left on the file system; free"
            + " some\n";
    assertEquals(line, error.toString(StandardCharsets.UTF_8));
  }

  private static int run(OutputStream out, OutputStream error, String... arguments) {
    return Quarry.run(new Console(InputStream.nullInputStream(), out, error, false), arguments);
  }

  private static OutputStream failing(String message) {
    return new OutputStream() {
      @Override
      public void write(int value) throws IOException {
        throw new IOException(message);
      }
    };
  }

  private Path segment(long id) {
    return store.resolve(String.format("segments/%010d.seg", id));
  }

  private Path files(String... names) throws IOException {
    Path files = Files.createDirectory(directory.resolve("files"));
    for (String name : names) {
      Files.writeString(files.resolve(name), name + " value");
    }
    return files;
  }
}
