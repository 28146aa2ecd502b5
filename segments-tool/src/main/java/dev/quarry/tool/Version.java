package dev.quarry.tool;

import dev.quarry.segment.FileHeader;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** What {@code --version} says. */
final class Version implements IVersionProvider {

  @Override
  public String[] getVersion() throws IOException {
    Properties properties = new Properties();
    try (InputStream in = Version.class.getResourceAsStream("version.properties")) {
      properties.load(Objects.requireNonNull(in));
    }
    return new String[] {
      "quarry " + properties.getProperty("version"),
      "store format " + FileHeader.VERSION,
      "Java " + Runtime.version()
    };
  }
}
