package dev.quarry.tool.store;

/** Is told how an import goes, by its threads, several at once. */
public interface ImportListener {

  /** The put of a file, which reads it, is about to be called. */
  default void starting(SourceFile file) {}

  /**
   * A file's put has returned.
   *
   * @param bytes of the value
   */
  void stored(SourceFile file, long bytes);

  /**
   * A file could not be read, changed while it was read, or is no value; the import goes on without
   * it.
   */
  void failed(SourceFile file, Exception failure);
}
