package dev.quarry.tool;

import static dev.quarry.tool.ToolRun.quarry;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.RecordFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A listing that damage keeps from being complete says so, in words and by its exit code. */
class IncompleteListingTest {

  private static final int KEYS = 18;

  @TempDir Path directory;
  private Path store;
  private Path segment;
  private Path target;

  @BeforeEach
  void makeStore() throws IOException {
    store = directory.resolve("store");
    segment = store.resolve("segments/0000000001.seg");
    target = directory.resolve("target");
    Path source = Files.createDirectory(directory.resolve("source"));
    for (int i = 0; i < KEYS; i++) {
      Files.writeString(source.resolve(key(i)), "value of " + key(i));
    }
    quarry("import", store, source).mustSucceed();
    assertFalse(Files.exists(store.resolve("keyindex")), "it would keep the keys from before");
  }

  private static String key(int number) {
    return String.format("key %02d", number);
  }

  /**
   * Flips a bit of the header of a key's record.
   *
   * @param field offset of the byte in the header
   */
  private void damageHeader(String key, int field) throws IOException {
    Damage.flip(segment, Damage.find(segment, key) - RecordFormat.HEADER_LENGTH + field);
  }

  /** The key is still known to be one by its hash; its value is out of reach. */
  @ParameterizedTest
  @ValueSource(ints = {0, 4, 8, 12, 16, 20})
  void aKeyWhoseHeaderIsDamagedIsNotLeftOutOfAnExportWithoutAWord(int field) throws IOException {
    damageHeader(key(7), field);

    ToolRun run = quarry("export", store, target);

    assertEquals(1, run.code(), run.error());
    boolean said =
        run.error().contains(key(7) + ": not exported: ")
            || run.error().contains("listing incomplete: ");
    assertTrue(said, run.error());
    assertFalse(Files.exists(target.resolve(key(7))));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 16})
  void anExportThatDamageKeepsFromSeeingAKeySaysSoAndFails(int field) throws IOException {
    damageHeader(key(7), field);
    Damage.flip(segment, key(7));

    quarry("export", store, target)
        .mustFail(1, "listing incomplete: ", segment, "quarry segments verify STORE");

    assertTrue(Files.exists(target.resolve(key(6))));
  }

  @Test
  void aListOfKeysThatDamageCutsShortSaysSoAfterTheKeysAndFails() throws IOException {
    Damage.flip(segment, key(7));

    ToolRun run = quarry("ls", store);

    run.mustFail(1, "listing incomplete: ", segment, "quarry segments verify STORE");
    assertTrue(run.lines().contains(key(6)), run.out());
    assertFalse(run.lines().contains(key(7)), run.out());
  }

  @Test
  void aListOfAllKeysSaysNothing() {
    assertEquals(KEYS, quarry("ls", store).mustSucceed().lines().size());
    quarry("export", store, target).mustSucceed();
    quarry("rm", store, key(3)).mustSucceed();
    assertEquals(KEYS - 1, quarry("ls", store).mustSucceed().lines().size());
  }

  @Test
  void aListThatWasCutByItsLimitOrPrefixIsComplete() {
    assertEquals(3, quarry("ls", store, "--limit", 3).mustSucceed().lines().size());
    assertEquals(List.of(key(7)), quarry("ls", store, "--prefix", key(7)).mustSucceed().lines());
    quarry("export", store, target, "--prefix", "key 1").mustSucceed();
  }

  @Test
  void aDamagedValueIsReportedByItselfAndAllOthersAreExported() throws IOException {
    Damage.flip(segment, "value of " + key(7));
    Damage.flip(segment, "value of " + key(9));

    ToolRun run = quarry("export", store, target);

    assertEquals(1, run.code());
    assertEquals(2, run.error().lines().count(), run.error());
    assertTrue(run.error().contains(key(9) + ": not exported: " + segment), run.error());
    assertTrue(run.out().startsWith("exported 16 files, "), run.out());
    assertTrue(run.out().endsWith("; 2 failed\n"), run.out());
  }
}
