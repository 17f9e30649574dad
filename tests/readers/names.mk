# The names that make takes from the file F.
include $(F)
$(info $(foreach v,$(.VARIABLES),$(if $(filter file,$(origin $v)),$v)))
all:;
