package overlay

import "golang.org/x/sys/windows"

// errOtherFileSystem is why a file cannot be renamed to a place on another volume.
const errOtherFileSystem = windows.ERROR_NOT_SAME_DEVICE
