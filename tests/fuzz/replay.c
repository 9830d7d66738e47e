/*
 * replay: runs a fuzz target over files, without a fuzzer: each input that was
 * kept is a test. A hang ends by SIGALRM. What fails is the last one named.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define INPUT_MAX       (1024 * 1024)
#define INPUT_TIMEOUT_S 30

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		FILE *file = fopen(argv[i], "re");
		uint8_t *data = malloc(INPUT_MAX);
		size_t len;

		if (file == NULL || data == NULL) {
			perror(argv[i]);
			return EXIT_FAILURE;
		}
		len = fread(data, 1, INPUT_MAX, file);
		fclose(file);
		/* As long as the input, so that reading past it shows. */
		data = realloc(data, len > 0 ? len : 1);
		printf("%s\n", argv[i]);
		fflush(stdout);
		alarm(INPUT_TIMEOUT_S);
		LLVMFuzzerTestOneInput(data, len);
		free(data);
	}
	return EXIT_SUCCESS;
}
