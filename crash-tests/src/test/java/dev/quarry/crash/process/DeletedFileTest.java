package dev.quarry.crash.process;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.Blob;
import dev.quarry.BlobStore;
import dev.quarry.KeyCursor;
import dev.quarry.KeyRange;
import dev.quarry.StoreFailedException;
import dev.quarry.StoreMode;
import dev.quarry.TestStores;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Another process deletes the files of an open store. */
class DeletedFileTest {

  private static final int KEYS = 60;
  private static final int LARGE_KEY = KEYS;

  @TempDir Path directory;
  private final Writes writes = new Writes(5);

  private byte[] value(int key) {
    return writes.value(key, 1);
  }

  private BlobStore filled(StoreMode mode) {
    BlobStore store = BlobStore.open(directory, TestStores.small(mode));
    for (int key = 0; key < KEYS; key++) {
      store.put(Writes.key(key), value(key));
    }
    store.put(Writes.key(LARGE_KEY), new byte[200_000]);
    store.sync();
    return store;
  }

  private void deleteAll(String where) throws Exception {
    List<String> command = new ArrayList<>(List.of("rm"));
    Trees.files(directory.resolve(where)).forEach(file -> command.add(file.toString()));
    assertTrue(command.size() > 1, "there are files");
    assertEquals(0, new ProcessBuilder(command).inheritIO().start().waitFor());
  }

  @ParameterizedTest
  @EnumSource
  void whatIsMappedStaysReadable(StoreMode mode) throws Exception {
    try (BlobStore store = filled(mode);
        Blob blob = store.view(Writes.key(7));
        Blob large = store.view(Writes.key(LARGE_KEY))) {
      deleteAll("segments");
      assertNotNull(blob);
      assertNotNull(large);
      for (int key = 0; key < KEYS; key++) {
        assertArrayEquals(value(key), store.get(Writes.key(key)));
      }
      assertEquals(ByteBuffer.wrap(value(7)), blob.buffer());
      assertEquals(ByteBuffer.wrap(new byte[200_000]), large.buffer());
      assertEquals(KEYS + 1, count(store));
      assertTrue(store.delete(Writes.key(3)));
      store.put(Writes.key(4), value(4));
      store.sync();
      assertNull(store.get(Writes.key(3)));
      assertArrayEquals(value(4), store.get(Writes.key(4)));
    }
  }

  private static int count(BlobStore store) {
    int count = 0;
    try (KeyCursor cursor = store.keys(KeyRange.all())) {
      while (cursor.next()) {
        count++;
      }
    }
    return count;
  }

  @Test
  void aLogThatIsGoneStopsTheStoreWhenItIsToBecomeASegment() throws Exception {
    BlobStore store = filled(StoreMode.DURABLE);
    deleteAll("wal");
    StoreFailedException failure =
        assertThrows(
            StoreFailedException.class,
            () -> {
              for (int i = 0; i < 10_000; i++) {
                store.put(Writes.key(i % KEYS), value(i % KEYS));
              }
            });
    assertTrue(failure.getMessage().contains(directory.toString()), failure.getMessage());
    for (int key = 0; key < KEYS; key++) {
      assertArrayEquals(value(key), store.get(Writes.key(key)));
    }
    assertThrows(StoreFailedException.class, store::close);
    BlobStore.open(directory, TestStores.small(StoreMode.DURABLE)).close();
  }
}
