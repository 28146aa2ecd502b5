package dev.quarry.tool.demo;

import dev.quarry.tool.store.SourceFile;

/**
 * A file of the demo.
 *
 * @param source the file and its key
 * @param sha256 of its bytes before the demo began
 */
record DemoFile(SourceFile source, String sha256) {

  /** The key as the processes of the demo name it to each other. */
  String name() {
    return source.key().toString();
  }

  byte[] key() {
    return source.key().bytes();
  }
}
