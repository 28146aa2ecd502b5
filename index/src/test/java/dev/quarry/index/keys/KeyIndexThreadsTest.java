package dev.quarry.index.keys;

import static dev.quarry.index.keys.KeyIndexFixture.all;
import static dev.quarry.index.keys.KeyIndexFixture.bytes;
import static dev.quarry.index.keys.KeyIndexFixture.drain;
import static dev.quarry.index.keys.KeyIndexFixture.files;
import static dev.quarry.index.keys.KeyIndexFixture.keys;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.StoreClosedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A fault here takes the JVM down, as RocksDB's objects are bare pointers. */
@Timeout(120)
@Tag("slow")
final class KeyIndexThreadsTest {

  private static final int READERS = 4;
  private static final List<String> KEYS = List.of("02", "0200", "0201", "03", "0300");

  @TempDir private Path parent;
  private Path directory;
  private KeyIndex index;
  private final ExecutorService threads = Executors.newCachedThreadPool();

  @BeforeEach
  void openIndex() {
    directory = parent.resolve("keyindex");
    index = KeyIndex.open(directory);
  }

  /** Closing the index also ends the readers of a test that failed. */
  @AfterEach
  void endReaders() throws InterruptedException {
    index.close();
    threads.shutdown();
    assertTrue(threads.awaitTermination(120, TimeUnit.SECONDS));
  }

  /** Starts readers that repeat an action until it throws; each has done it once on return. */
  private List<Future<RuntimeException>> readers(Runnable action) throws InterruptedException {
    CountDownLatch started = new CountDownLatch(READERS);
    Callable<RuntimeException> reader =
        () -> {
          try {
            try {
              action.run();
            } finally {
              started.countDown();
            }
            while (true) {
              action.run();
            }
          } catch (RuntimeException e) {
            return e;
          }
        };
    List<Future<RuntimeException>> readers = new ArrayList<>();
    for (int i = 0; i < READERS; i++) {
      readers.add(threads.submit(reader));
    }
    started.await();
    return readers;
  }

  private static void assertEndedByClose(List<Future<RuntimeException>> readers) throws Exception {
    for (Future<RuntimeException> reader : readers) {
      assertEquals(StoreClosedException.class, reader.get().getClass());
    }
  }

  @RepeatedTest(8)
  void closingUnderReadersEndsThemWithAnException() throws Exception {
    index.add(1, 1, keys(KEYS));
    List<Future<RuntimeException>> readers =
        readers(
            () -> {
              assertEquals(KEYS, all(index));
              assertTrue(index.covers(1, 1));
              assertTrue(index.memoryBytes() >= 0);
            });
    index.close();
    assertEndedByClose(readers);
  }

  @RepeatedTest(8)
  void closingUnderOneCursorSharedByThreadsEndsThemWithAnException() throws Exception {
    index.add(
        1,
        1,
        sink -> {
          for (int i = 0; i < 1000; i++) {
            sink.put(new byte[] {(byte) (i >> 16), (byte) (i >> 8), (byte) i});
          }
        });
    OrderedKeys cursor = index.iterate(null, null);
    List<Future<RuntimeException>> readers = readers(cursor::next);
    cursor.close();
    assertEndedByClose(readers);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void closingMakesAnAddUnderWayGiveUp(boolean isPut) throws Exception {
    CountDownLatch adding = new CountDownLatch(1);
    Future<?> add =
        threads.submit(
            () ->
                index.add(
                    1,
                    1,
                    sink -> {
                      while (true) {
                        if (isPut) {
                          sink.put(bytes("aa"));
                        } else {
                          sink.delete(bytes("aa"));
                        }
                        adding.countDown();
                      }
                    }));
    adding.await();
    index.close();
    Exception failure = assertThrows(Exception.class, add::get);
    assertEquals(StoreClosedException.class, failure.getCause().getClass());
    try (KeyIndex again = KeyIndex.open(directory)) {
      assertFalse(again.covers(1, 1));
    }
  }

  @Test
  void readersGoOnWhileSegmentsAreAdded() throws Exception {
    index.add(0, 0, keys(KEYS));
    List<Future<RuntimeException>> readers =
        readers(() -> assertEquals(KEYS, drain(index.iterate(null, bytes("10")))));
    for (int id = 1; id < 200; id++) {
      byte[] key = {0x10, (byte) id};
      index.add(id, id, sink -> sink.put(key));
      index.retain(segment -> true);
      assertTrue(index.covers(id, id));
    }
    index.close();
    assertEndedByClose(readers);
  }

  /** The damage is in one table, the readers' keys in another. */
  @RepeatedTest(8)
  void replacingADamagedIndexUnderReadersNeverShowsThemAPartOfIt() throws Exception {
    reopenWithADamagedTable();
    List<Future<RuntimeException>> readers =
        readers(
            () -> {
              try {
                List<String> found = drain(index.iterate(bytes("02"), null));
                assertTrue(found.equals(KEYS) || found.isEmpty(), found::toString);
                index.covers(2, 2);
              } catch (KeyIndexDamagedException e) {
                assertTrue(e.getMessage().contains("replaced"), e.getMessage());
              }
            });
    assertThrows(KeyIndexDamagedException.class, () -> all(index));
    index.replaceDamaged();
    index.add(2, 2, keys(KEYS));
    assertEquals(KEYS, all(index));
    index.close();
    assertEndedByClose(readers);
  }

  private void reopenWithADamagedTable() throws IOException {
    index.add(1, 1, sink -> sink.put(new byte[10_000]));
    index.close();
    index = KeyIndex.open(directory);
    index.add(2, 2, keys(KEYS));
    index.close();
    Path table = files(directory, ".sst").get(0);
    byte[] content = Files.readAllBytes(table);
    content[20] ^= 1;
    Files.write(table, content);
    index = KeyIndex.open(directory);
  }
}
