package dev.quarry.segment;

import java.nio.file.OpenOption;

/** The option of a channel that goes past the page cache. */
public final class DirectOption {

  /**
   * {@code com.sun.nio.file.ExtendedOpenOption.DIRECT}, which compilers warn of when it is named.
   * In its absence an option that every file system refuses.
   */
  public static final OpenOption DIRECT = direct();

  private DirectOption() {}

  private static OpenOption direct() {
    try {
      Class<?> options = Class.forName("com.sun.nio.file.ExtendedOpenOption");
      for (Object option : options.getEnumConstants()) {
        if (option.toString().equals("DIRECT")) {
          return (OpenOption) option;
        }
      }
    } catch (ClassNotFoundException e) {
      // As below.
    }
    return new OpenOption() {};
  }
}
