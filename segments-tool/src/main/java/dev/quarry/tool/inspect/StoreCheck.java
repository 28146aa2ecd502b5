package dev.quarry.tool.inspect;

import dev.quarry.segment.Disk;
import dev.quarry.tool.inspect.FileReport.State;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/**
 * Verifies all files of a store, which need not be closed. Tells what is wrong while it goes on: a
 * finding is damage, a warning is something that opening the store makes good without a loss. Not
 * safe for use by several threads.
 */
public final class StoreCheck {

  private final Consumer<String> toFinding;
  private final Consumer<String> toWarning;
  private long files;
  private long records;
  private long bytes;
  private long checkpointBytes;
  private long findings;
  private long warnings;

  /**
   * @param findings told of each finding, with file and offset
   * @param warnings told of each warning
   */
  public StoreCheck(Consumer<String> findings, Consumer<String> warnings) {
    this.toFinding = findings;
    this.toWarning = warnings;
  }

  /**
   * Verifies a store.
   *
   * @throws dev.quarry.tool.terminal.CommandFailedException if there is none
   */
  public void run(Disk disk, Path directory) throws IOException {
    StoreFiles store = new StoreFiles(disk, directory);
    if (store.fault() != null) {
      report(List.of(store.fault()));
    }
    for (FileReport file : store.reports()) {
      verify(store, file);
    }
    verifyCheckpoint(store);
  }

  private void verify(StoreFiles store, FileReport file) throws IOException {
    RecordCheck check = new RecordCheck(store.disk(), file);
    try {
      List<String> faults = check.run();
      if (file.state() == State.REPLACED) {
        warn(file.path() + ": replaced " + file.note());
        faults.forEach(this::warn);
      } else {
        report(faults);
      }
      files++;
      bytes += file.size();
      records += check.records();
    } catch (NoSuchFileException e) {
      // removed, or become a segment, since it was listed
    }
  }

  private void verifyCheckpoint(StoreFiles store) throws IOException {
    Path path = store.checkpoint();
    if (store.disk().exists(path)) {
      CheckpointCheck check = new CheckpointCheck(store, path);
      for (String fault : check.run()) {
        warn(fault + " (opening does without the checkpoint, which takes longer)");
      }
      checkpointBytes = check.size();
    }
  }

  private void report(List<String> faults) {
    faults.forEach(toFinding);
    findings += faults.size();
  }

  private void warn(String fault) {
    toWarning.accept(fault);
    warnings++;
  }

  /** Segments and logs that were verified. */
  long files() {
    return files;
  }

  /** Puts and tombstones that were verified. */
  long records() {
    return records;
  }

  /** Bytes of segments and logs. */
  long bytes() {
    return bytes;
  }

  /** Bytes of the checkpoint; 0 if there is none. */
  long checkpointBytes() {
    return checkpointBytes;
  }

  /** How many findings there were. */
  long findings() {
    return findings;
  }

  /** How many warnings there were. */
  long warnings() {
    return warnings;
  }
}
