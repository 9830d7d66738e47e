/*
 * sandbox: enters the two halves in order, and logs what is missing.
 */
#include "sandbox.h"

#include "log.h"

#include <stdlib.h>

void
sandbox_enter(const char *source_file)
{
	char *files = NULL, *calls = NULL;

	/* Files first: the calls that this takes are forbidden afterwards. */
	(void)sandbox_limit_files(source_file, &files);
	(void)sandbox_limit_calls(&calls);
	if (calls != NULL || files != NULL)
		log_info("the sandbox is incomplete: %s%s%s",
		    calls != NULL ? calls : "",
		    calls != NULL && files != NULL ? "; " : "",
		    files != NULL ? files : "");
	free(files);
	free(calls);
}
