package dev.quarry.tool.demo;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.KeyCursor;
import dev.quarry.KeyRange;
import dev.quarry.tool.terminal.KeyText;
import dev.quarry.tool.terminal.Units;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The step of the demo that deletes a few keys and lists the others in order. */
final class DeletesAndLists {

  private static final int KEYS_SHOWN = 4;

  private final Narrator narrator;
  private final Path directory;
  private final List<DemoFile> files;

  DeletesAndLists(Narrator narrator, Path directory, Collection<DemoFile> files) {
    this.narrator = narrator;
    this.directory = directory;
    this.files = List.copyOf(files);
  }

  void run() {
    narrator.step("Deletes, and the keys in order");
    List<DemoFile> some =
        List.copyOf(Set.of(files.get(0), files.get(files.size() / 2), files.get(files.size() - 1)));
    try (BlobStore store = BlobStore.open(directory, BlobStoreOptions.durable())) {
      long deleted = some.stream().filter(file -> store.delete(file.key())).count();
      narrator.check(
          deleted == some.size() && noneIsThere(store, some),
          deleted + " of " + some.size() + " files deleted, none of them is found");
      list(store, some);
    }
    try (BlobStore store = BlobStore.open(directory, BlobStoreOptions.durable())) {
      narrator.check(
          noneIsThere(store, some) && store.stats().keys() == files.size() - some.size(),
          "they stay deleted when the store is reopened");
    }
  }

  private static boolean noneIsThere(BlobStore store, List<DemoFile> some) {
    return some.stream().noneMatch(file -> store.contains(file.key()));
  }

  private void list(BlobStore store, List<DemoFile> deleted) {
    long start = System.nanoTime();
    List<byte[]> listed = new ArrayList<>();
    try (KeyCursor cursor = store.keys(KeyRange.all())) {
      while (cursor.next()) {
        listed.add(cursor.key());
      }
    }
    long nanos = System.nanoTime() - start;
    narrator.fact(
        "listed",
        Units.count(listed.size())
            + " keys in "
            + Units.time(nanos)
            + ", the first time, which fills the key index");
    listed.stream().limit(KEYS_SHOWN).forEach(key -> narrator.fact("", KeyText.show(key)));
    Set<byte[]> expected = new TreeSet<>(Arrays::compareUnsigned);
    files.stream().filter(file -> !deleted.contains(file)).forEach(f -> expected.add(f.key()));
    narrator.check(
        Arrays.deepEquals(listed.toArray(), expected.toArray()),
        "exactly the other files' keys are listed, in the order of their bytes");
  }
}
