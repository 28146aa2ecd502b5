package dev.quarry.index.keys;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.index.keys.KeyIndexFixture.CapturedLog;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.AbstractNativeReference;

/** Native memory is freed by hand: whatever an object holds must be let go when it ends. */
final class RocksDatabaseTest {

  private static final byte[] LOWEST = {};
  private static final byte[] HIGHEST = {(byte) 0xff};

  @TempDir private Path parent;
  private RocksDatabase database;

  @BeforeEach
  void openDatabase() {
    RocksDatabase.loadLibrary(parent);
    database = RocksDatabase.open(parent.resolve("db"));
  }

  /** The native objects in the fields of an object. */
  private static List<AbstractNativeReference> natives(Object owner) throws Exception {
    List<AbstractNativeReference> found = new ArrayList<>();
    for (Field field : owner.getClass().getDeclaredFields()) {
      if (AbstractNativeReference.class.isAssignableFrom(field.getType())) {
        field.setAccessible(true);
        found.add((AbstractNativeReference) field.get(owner));
      }
    }
    return found;
  }

  private static int held(List<AbstractNativeReference> natives) throws Exception {
    Method isOwner = AbstractNativeReference.class.getDeclaredMethod("isOwningHandle");
    isOwner.setAccessible(true);
    int held = 0;
    for (AbstractNativeReference reference : natives) {
      held += (boolean) isOwner.invoke(reference) ? 1 : 0;
    }
    return held;
  }

  @Test
  void closingReleasesTheDatabaseAndItsSettings() throws Exception {
    List<AbstractNativeReference> natives = natives(database);
    assertEquals(4, held(natives));
    database.close();
    assertEquals(0, held(natives));
  }

  @Test
  void abandoningReleasesTheDatabaseItsSettingsAndItsCursors() throws Exception {
    RocksDatabase.Cursor cursor = database.scan(LOWEST, HIGHEST);
    List<AbstractNativeReference> natives = natives(database);
    natives.addAll(natives(cursor));
    assertEquals(8, held(natives));
    database.abandon();
    assertEquals(0, held(natives));
  }

  @Test
  void closingTheDatabaseReleasesItsCursors() throws Exception {
    List<AbstractNativeReference> natives = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      natives.addAll(natives(database.scan(LOWEST, HIGHEST)));
    }
    assertEquals(40, held(natives));
    database.close();
    assertEquals(0, held(natives));
  }

  @Test
  void closingACursorReleasesItAndNothingElse() throws Exception {
    RocksDatabase.Cursor cursor = database.scan(LOWEST, HIGHEST);
    cursor.close();
    assertEquals(0, held(natives(cursor)));
    assertEquals(4, held(natives(database)));
    database.close();
  }

  @Test
  void aClosedCursorIsNotRemembered() throws Exception {
    database.scan(LOWEST, HIGHEST).close();
    Field cursors = RocksDatabase.class.getDeclaredField("cursors");
    cursors.setAccessible(true);
    assertEquals("[]", cursors.get(database).toString());
    database.close();
  }

  @Test
  void whatCannotBeSavedIsWarnedOfAndReleased() throws Exception {
    List<AbstractNativeReference> natives = natives(database);
    Batch batch = new Batch(database);
    batch.put(LOWEST, LOWEST);
    batch.write();
    KeyIndexFixture.deleteTree(parent.resolve("db"));
    Files.writeString(parent.resolve("db"), "in the way");
    try (CapturedLog log = new CapturedLog()) {
      database.close();
      assertEquals(1, log.warnings().size());
      assertTrue(log.warnings().get(0).contains("is not saved"), log.warnings().get(0));
    }
    assertEquals(0, held(natives));
  }
}
