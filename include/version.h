/*
 * version: which release this is. The same as in debian/changelog.
 */
#ifndef VERSION_H
#define VERSION_H

#define TLSMGR_VERSION "2.0"

#endif
