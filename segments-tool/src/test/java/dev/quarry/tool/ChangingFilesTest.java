package dev.quarry.tool;

import static dev.quarry.tool.ToolRun.put;
import static dev.quarry.tool.ToolRun.quarry;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import dev.quarry.Blob;
import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.tool.terminal.Console;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that change, or are cut short, while they are put; and values without a known length. */
@Tag("slow")
class ChangingFilesTest {

  private static final long MIB = 1 << 20;
  private static final int ATTEMPTS = 20;

  @TempDir private Path directory;
  private Path store;
  private Path source;

  @BeforeEach
  void makeDirectories() throws IOException {
    store = directory.resolve("store");
    source = Files.createDirectory(directory.resolve("source"));
  }

  /** Sets the length of a file; the rest of a longer one is zeros that take no room. */
  private static void resize(Path file, long length) throws IOException {
    try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "rw")) {
      opened.setLength(length);
    }
  }

  /**
   * A process that maps the file would die of it. An import that was done before the file was cut
   * is tried again.
   */
  @Test
  void anImportGoesOnWhenAFileIsCutShortUnderIt() throws Exception {
    Path large = source.resolve("b-large");
    for (char name : new char[] {'a', 'c', 'd'}) {
      Files.writeString(source.resolve(name + ".txt"), "the file " + name);
    }
    for (int attempt = 1; ; attempt++) {
      assertTrue(attempt <= ATTEMPTS, "the file was never cut in time");
      resize(large, 300 * MIB);
      Path errors = directory.resolve("errors" + attempt);
      Process importing = start(errors, "import", store, source, "--threads", 1);
      while (importing.isAlive() && !isWritingLargeValue()) {
        Thread.sleep(1);
      }
      resize(large, 4_096);
      String out = new String(importing.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int code = importing.waitFor();
      assertTrue(code == 0 || code == 1, () -> "the process ended with " + code + ": " + out);
      String error = Files.readString(errors);
      for (char name : new char[] {'a', 'c', 'd'}) {
        String got = quarry("get", store, name + ".txt").mustSucceed().out();
        assertEquals("the file " + name, got);
      }
      if (code == 1) {
        assertTrue(error.contains(large + ": its size changed while it was read"), error);
        assertTrue(out.startsWith("imported 3 files"), out);
        assertTrue(out.contains("; 1 failed"), out);
        return;
      }
      quarry("rm", store, "b-large").mustSucceed();
    }
  }

  private boolean isWritingLargeValue() throws IOException {
    Path segments = store.resolve("segments");
    if (!Files.isDirectory(segments)) {
      return false;
    }
    try (Stream<Path> files = Files.list(segments)) {
      return files.anyMatch(file -> file.toString().endsWith(".tmp"));
    }
  }

  private static Process start(Path errors, Object... arguments) throws IOException {
    Stream<String> java =
        Stream.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx128m",
            "-XX:MaxDirectMemorySize=512m",
            "-cp",
            System.getProperty("java.class.path"),
            Quarry.class.getName());
    List<String> command = Stream.concat(java, Stream.of(arguments).map(Object::toString)).toList();
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
    builder.environment().keySet().removeIf(name -> name.endsWith("JAVA_OPTIONS"));
    return builder.start();
  }

  /** The file is written to, in place, for as long as the import lasts. */
  @Test
  void aFileThatIsWrittenToWhileItIsImportedIsReportedAndNotStored() throws Exception {
    Path busy = source.resolve("busy");
    Files.writeString(source.resolve("calm"), "calm");
    put(store, "busy", "the old value");
    resize(busy, 40 * MIB);
    AtomicBoolean ended = new AtomicBoolean();
    Thread writer =
        new Thread(
            () -> {
              try (RandomAccessFile file = new RandomAccessFile(busy.toFile(), "rw")) {
                for (long at = 0; !ended.get(); at = (at + 7_919) % (40 * MIB)) {
                  file.seek(at);
                  file.write((int) at);
                }
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            });
    writer.start();
    ToolRun run;
    try {
      run = quarry("import", store, source);
    } finally {
      ended.set(true);
      writer.join();
    }
    run.mustFail(1, busy + ": it was modified while it was read");
    assertTrue(run.out().startsWith("imported 1 files"), run.out());
    assertEquals("the old value", quarry("get", store, "busy").mustSucceed().out());
    assertEquals("calm", quarry("get", store, "calm").mustSucceed().out());

    quarry("import", store, source).mustSucceed(); // nobody writes to it any more
  }

  @Test
  void aLongValueFromTheStandardInputIsNotHeldInTheHeap() throws IOException {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    ByteArrayOutputStream error = new ByteArrayOutputStream();
    InputStream input = new Zeros(100 * MIB);
    Console console = new Console(input, OutputStream.nullOutputStream(), error, false);
    long before = threads.getCurrentThreadAllocatedBytes();
    int code = Quarry.run(console, "put", store.toString(), "zeros");
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertEquals(0, code, error.toString(StandardCharsets.UTF_8));
    assertTrue(allocated < 70 * MIB, () -> allocated + " bytes were allocated");
    try (BlobStore opened = BlobStore.open(store, BlobStoreOptions.durable());
        Blob blob = opened.view("zeros".getBytes(StandardCharsets.UTF_8))) {
      assertEquals(100 * MIB, blob.size());
    }
  }

  /** So many zeros. */
  private static final class Zeros extends InputStream {

    private long left;

    Zeros(long count) {
      this.left = count;
    }

    @Override
    public int read() {
      return left-- > 0 ? 0 : -1;
    }

    @Override
    public int read(byte[] destination, int offset, int length) {
      int read = (int) Math.min(left, length);
      left -= read;
      return read == 0 ? -1 : read;
    }
  }

  @Test
  void aFileThatIsTooLongIsRefusedByNameBeforeItIsRead() throws IOException {
    Path huge = source.resolve("huge");
    resize(huge, 1L << 31);
    quarry("put", store, "huge", huge)
        .mustFail(1, huge + ": a value of 2147483648 bytes is over the limit of 2147483647 bytes");
  }

  /** Files of the system say that they have no bytes, but they do. */
  @Test
  void aFileThatDoesNotSayHowLongItIsIsPut() throws IOException {
    Path version = Path.of("/proc/version");
    assumeTrue(Files.isReadable(version));
    quarry("put", store, "version", version).mustSucceed();
    assertEquals(Files.readString(version), quarry("get", store, "version").mustSucceed().out());
  }
}
