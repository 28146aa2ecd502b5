package dev.quarry.crash.fuzz;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/** What reads a file that may be hostile. */
@SuppressWarnings("ImmutableEnumChecker") // its functions are method references, without state
public enum Decoder {
  HEADER(HeaderTarget.class, HeaderTarget::fuzzerTestOneInput, Seeds::stores),
  STORE(StoreTarget.class, StoreTarget::fuzzerTestOneInput, Seeds::stores),
  SEGMENT(SegmentTarget.class, SegmentTarget::fuzzerTestOneInput, Seeds::segments),
  LOG(LogTarget.class, LogTarget::fuzzerTestOneInput, Seeds::logs),
  CHECKPOINT(CheckpointTarget.class, CheckpointTarget::fuzzerTestOneInput, Seeds::checkpoints),
  GHOST(GhostTarget.class, GhostTarget::fuzzerTestOneInput, Seeds::ghosts),
  WHOLE_STORE(WholeStoreTarget.class, WholeStoreTarget::fuzzerTestOneInput, Seeds::wholeStores);

  private final Class<?> target;
  private final Consumer<byte[]> test;
  private final Source seeds;

  private interface Source {
    List<byte[]> get() throws IOException;
  }

  Decoder(Class<?> target, Consumer<byte[]> test, Source seeds) {
    this.target = target;
    this.test = test;
    this.seeds = seeds;
  }

  /** The class that Jazzer calls. */
  Class<?> target() {
    return target;
  }

  /** Good files to begin with. */
  List<byte[]> seeds() throws IOException {
    return seeds.get();
  }

  /** Feeds one input to it; throws if that is not dealt with as {@link Bounds} allows. */
  void test(byte[] input) {
    test.accept(input);
  }

  /** The name of its corpus. */
  String directory() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
