/*
 * parameters: the configuration in force, for those who ask. Only reads.
 */
#ifndef PARAMETERS_H
#define PARAMETERS_H

#include "buffer.h"
#include "config.h"

/*
 * Append the attributes parameter, value and origin of tlsmgr-protocol(7) for
 * each row of params.def, in its order. A value longer than ATTR_STRING_MAX
 * is cut.
 */
void parameters_put(const struct config *, struct buffer *reply);

#endif
